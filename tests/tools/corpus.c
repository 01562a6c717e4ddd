/*
 * Runs files through sh_decode_*() as intake does and prints how they end:
 *
 *	corpus MANIFEST.tsv [-v]	a table, class by outcome
 *	corpus FILE...			a line each
 *
 * The manifest's first three columns are file, format, class.  Exit 1 when
 * a worker died, a limit was hit, or this process grew over 64 MB.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "pipeline/worker_pool.h"

#define CLASSES_MAX	64
#define PAGES_MAX	300	/* of one file: enough to see */
#define OWN_MEMORY_KB	(64 * 1024)

enum outcome { TAKEN, PARTLY, REFUSED, LIMIT, DIED, NOUTCOMES };
static const char *const outcome_words[NOUTCOMES] = { "taken", "partly",
    "refused", "limit", "died" };

struct row {
	char name[32];
	unsigned n[NOUTCOMES];
};

struct result {
	unsigned good, bad;
	enum outcome worst;
	char key[48];
	char text[200];
	int64_t ms;
};

static void
note_failure(struct result *r, const struct sh_error *err)
{
	enum outcome o = REFUSED;

	if (strcmp(err->key, "worker.killed") == 0 ||
	    strcmp(err->key, "worker.protocol") == 0 ||
	    strcmp(err->key, "file.deaths") == 0 || err->code == SH_ESYSTEM)
		o = DIED;
	else if (strncmp(err->key, "page.", 5) == 0)
		o = LIMIT;
	r->bad++;
	if (o >= r->worst) {
		r->worst = o;
		(void)snprintf(r->key, sizeof(r->key), "%s", err->key);
		(void)snprintf(r->text, sizeof(r->text), "%.199s", err->text);
	}
}

static void
run(struct sh_pool *p, const char *path, struct result *r)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_decoding *d = NULL;
	struct sh_raster raster;
	int64_t start = sh_monotonic_ms();
	uint32_t page;
	int fd, rc;

	memset(r, 0, sizeof(*r));
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0) {
		(void)sh_error_sys(&err, "file.read", "%s", path);
		note_failure(r, &err);
		return;
	}
	if (sh_decode_open(p, fd, &d, &err)) {
		note_failure(r, &err);
	} else {
		while (r->good + r->bad < PAGES_MAX &&
		    (rc = sh_decode_next(d, &raster, &page, &err)) != 0) {
			if (rc < 0)
				note_failure(r, &err);
			else
				r->good++;
			sh_raster_clear(&raster);
			sh_error_clear(&err);
		}
	}
	sh_decode_close(d);
	(void)close(fd);
	if (r->worst == REFUSED && r->good > 0)
		r->worst = PARTLY;
	r->ms = sh_monotonic_ms() - start;
}

static void
print_result(const char *path, const struct result *r)
{
	(void)printf("%s\t%s\t%u\t%u\t%lld\t%s\t%s\n", path,
	    outcome_words[r->bad == 0 ? TAKEN : r->worst], r->good, r->bad,
	    (long long)r->ms, r->key, r->text);
	(void)fflush(stdout);
}

static void
count(struct row *rows, size_t *np, const char *name, enum outcome o)
{
	size_t i;

	for (i = 0; i < *np; i++)
		if (strcmp(rows[i].name, name) == 0)
			break;
	if (i == CLASSES_MAX)
		return;
	if (i == *np) {
		(void)snprintf(rows[i].name, sizeof(rows[i].name), "%s",
		    name);
		(*np)++;
	}
	rows[i].n[o]++;
}

static int
run_manifest(struct sh_pool *p, const char *manifest, int verbose)
{
	static struct row rows[CLASSES_MAX];
	char line[2048], path[1024], file[256], format[16], class[16],
	    name[32], *slash;
	size_t n = 0, i, k;
	struct result r;
	int failed = 0;
	FILE *f;

	if ((f = fopen(manifest, "re")) == NULL) {
		perror(manifest);
		return (1);
	}
	while (fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%255[^\t]\t%15[^\t]\t%15[^\t]", file,
		    format, class) != 3 || strcmp(file, "file") == 0 ||
		    strstr("json xml names zip", format) != NULL)
			continue;
		(void)snprintf(path, sizeof(path), "%s", manifest);
		slash = strrchr(path, '/');
		(void)snprintf(slash != NULL ? slash + 1 : path,
		    sizeof(path) - 512, "%s", file);
		run(p, path, &r);
		if (verbose)
			print_result(file, &r);
		(void)snprintf(name, sizeof(name), "%s %s", format, class);
		count(rows, &n, name, r.bad == 0 ? TAKEN : r.worst);
		failed |= r.bad != 0 && r.worst >= LIMIT;
	}
	(void)fclose(f);
	(void)printf("%-14s", "class");
	for (k = 0; k < NOUTCOMES; k++)
		(void)printf(" %8s", outcome_words[k]);
	(void)printf("\n");
	for (i = 0; i < n; i++) {
		(void)printf("%-14s", rows[i].name);
		for (k = 0; k < NOUTCOMES; k++)
			(void)printf(" %8u", rows[i].n[k]);
		(void)printf("\n");
	}
	return (failed);
}

int
main(int argc, char **argv)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_pool_options options = { .readers = 1 };
	struct sh_pool *p;
	struct result r;
	struct rusage ru;
	uint64_t decode_peak, read_peak;
	double decode_cpu, read_cpu;
	char worker[512];
	int i, failed = 0;

	if (argc < 2) {
		(void)fprintf(stderr, "usage: corpus MANIFEST.tsv [-v] | "
		    "FILE...\n");
		return (64);
	}
	(void)snprintf(worker, sizeof(worker), "%s/sohoa-worker",
	    getenv("O") != NULL ? getenv("O") : "out/release");
	options.worker = worker;
	sh_log_level(SH_ERR);
	if (sh_pool_new(&options, &p, &err)) {
		(void)fprintf(stderr, "corpus: %s\n", err.text);
		return (70);
	}
	if (strstr(argv[1], ".tsv") != NULL)
		failed = run_manifest(p, argv[1], argc > 2);
	else
		for (i = 1; i < argc; i++) {
			run(p, argv[i], &r);
			print_result(argv[i], &r);
			failed |= r.bad != 0 && r.worst >= LIMIT;
		}
	sh_pool_usage(p, &decode_peak, &read_peak, &decode_cpu, &read_cpu);
	sh_pool_free(p);
	(void)getrusage(RUSAGE_SELF, &ru);
	(void)printf("workers: %.1f s of CPU, peak %llu MB; this process: "
	    "peak %ld MB\n", decode_cpu, (unsigned long long)decode_peak >> 20,
	    ru.ru_maxrss / 1024);
	return (failed || ru.ru_maxrss > OWN_MEMORY_KB);
}
