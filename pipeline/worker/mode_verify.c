#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "pipeline/worker/protocol.h"
#include "pipeline/worker/sandbox.h"
#include "signing/verify.h"

#define MEMORY_BYTES	((uint64_t)1 << 30)
#define CPU_S		60
#define ANCHORS_MAX	((size_t)16 << 20)
#define FILES		32

static int
write_report(const struct sh_verdict *verdict, size_t *lenp,
    struct sh_error *err)
{
	struct sh_buf b = { .limit = SH_REPORT_MAX };
	int rc = -1;

	if (sh_json_print(verdict->report, 0, &b, err) == 0 &&
	    sh_write_all(SH_WORKER_OUTPUT, b.data, b.len, err) == 0) {
		*lenp = b.len;
		rc = 0;
	}
	sh_buf_free(&b);
	return (rc);
}

static int
verify(int64_t when, size_t *lenp, struct sh_error *err)
{
	struct sh_sandbox_limits limits = { MEMORY_BYTES, CPU_S,
	    SH_REPORT_MAX, FILES };
	struct sh_buf anchors = SH_BUF_INIT;
	struct sh_verdict verdict = { .report = NULL };
	struct sh_trust *trust = NULL;
	struct stat st;
	int rc = -1;

	if (fstat(SH_WORKER_INPUT, &st) != 0)
		return (sh_error_sys(err, "file.read", "the file"));
	limits.memory_bytes += 2 * (uint64_t)st.st_size;
	/* The anchors are the operator's: parsed before the walls close. */
	if (sh_fs_read_fd(SH_WORKER_SECOND, ANCHORS_MAX, &anchors, err) == 0
	    && sh_trust_parse(anchors.data, anchors.len, &trust, err) == 0 &&
	    sh_sandbox_close(SH_SANDBOX_VERIFY, &limits, NULL, err) == 0 &&
	    sh_verify_pdf(SH_WORKER_INPUT, trust, when, &verdict, err) == 0)
		rc = write_report(&verdict, lenp, err);
	sh_verdict_clear(&verdict);
	sh_trust_free(trust);
	sh_buf_free(&anchors);
	return (rc);
}

int
sh_worker_verify(int argc, char **argv)
{
	struct sh_error err = SH_ERROR_INIT;
	int64_t when;
	size_t len = 0;
	json_t *v;

	if (argc != 1 || sh_time_parse(argv[0], &when) != 0)
		return (64);
	if (verify(when, &len, &err) == 0 &&
	    (v = sh_json_new_object(&err)) != NULL &&
	    sh_json_set_int(v, "bytes", (int64_t)len, &err) == 0 &&
	    sh_worker_send(v, NULL, 0, &err) == 0)
		return (0);
	return (sh_worker_fail(&err));
}
