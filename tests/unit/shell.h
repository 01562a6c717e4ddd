/* Programs that tests ask for their opinion. */
#ifndef SH_TESTS_SHELL_H
#define SH_TESTS_SHELL_H

#include "tests/unit/test.h"

/* Run a command line; its standard output.  It must end with 0. */
static inline char *
run(const char *fmt, ...)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	char line[1024], *s;
	va_list ap;
	FILE *f;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	assert_non_null(f = popen(line, "r"));
	must(sh_fs_read_fd(fileno(f), 1 << 24, &b, &err));
	must(sh_buf_append(&b, "", 0, &err));
	if (pclose(f) != 0)
		fail_msg("%s: %s", line, (char *)b.data);
	must_ptr(s = sh_buf_steal(&b, &err));
	return (s);
}

#endif
