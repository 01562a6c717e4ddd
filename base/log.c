#include "base/log.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

static enum sh_level least = SH_WARN;

void
sh_log_level(enum sh_level level)
{
	least = level;
}

void
sh_log(enum sh_level level, const char *fmt, ...)
{
	static const char *const words[] = { "debug", "info", "warning",
	    "error" };
	char now[SH_TIME_LEN], text[1024], line[1200], *p;
	va_list ap;
	int n;

	if (level < least)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (p = text; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	sh_time_print(sh_now(), now);
	n = snprintf(line, sizeof(line), "%s sohoa %s: %s\n", now,
	    words[level], text);
	/* One write a line: lines of several processes do not mix. */
	if (n > 0 && write(STDERR_FILENO, line, (size_t)n) < 0)
		return;
}
