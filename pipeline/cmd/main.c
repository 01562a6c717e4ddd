#include <stdio.h>

int
main(void)
{
	(void)fprintf(stderr, "sohoa: no command yet\n");
	return (64);
}
