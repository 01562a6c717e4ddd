/*
 * verdicts FOLDER [-v]: judge the signed PDFs of a corpus and print, class by
 * class, how many good ones are accepted and how many attacks are.
 *
 * FOLDER/MANIFEST.tsv: file, expected (VALID, WEAK, DISPUTED, REJECT,
 * REJECT_STRICT, REJECT_TRUST), class.  The chains are foreign, so a file
 * counts as accepted when its integrity holds; where only trust speaks
 * against it, when it is TOTAL-PASSED with the anchors of FOLDER/trust.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "signing/verify.h"

#define MAX_CLASSES	32

struct tally {
	char name[64];
	unsigned total, accepted, passed;
};

static struct tally *
tally_of(struct tally *t, size_t *n, const char *expected, const char *class)
{
	char name[64];
	size_t i;

	(void)snprintf(name, sizeof(name), "%s %s", expected, class);
	for (i = 0; i < *n; i++)
		if (strcmp(t[i].name, name) == 0)
			return (&t[i]);
	if (*n == MAX_CLASSES)
		return (&t[MAX_CLASSES - 1]);
	(void)snprintf(t[*n].name, sizeof(t[*n].name), "%s", name);
	return (&t[(*n)++]);
}

/* The first reason that breaks, for the reader of -v. */
static void
print_reasons(const char *file, const struct sh_verdict *v)
{
	json_t *list, *sig, *reason, *all;
	const char *detail;
	size_t i, k;

	(void)printf("%s: %s%s\n", file, sh_status_word(v->status),
	    v->integrity ? ", integrity" : "");
	all = json_object_get(v->report, "reasons");
	json_array_foreach(all, k, reason)
		(void)printf("    %s %s\n",
		    json_string_value(json_object_get(reason, "key")),
		    (detail = json_string_value(json_object_get(reason,
		    "detail"))) != NULL ? detail : "");
	list = json_object_get(v->report, "signatures");
	json_array_foreach(list, i, sig) {
		(void)printf("    %s:\n",
		    json_string_value(json_object_get(sig, "field")));
		all = json_object_get(sig, "reasons");
		json_array_foreach(all, k, reason)
			(void)printf("        %s %s\n", json_string_value(
			    json_object_get(reason, "key")),
			    (detail = json_string_value(json_object_get(
			    reason, "detail"))) != NULL ? detail : "");
	}
}

static int
judge(const char *folder, const char *file, const struct sh_trust *trust,
    int verbose, struct tally *t, struct sh_error *err)
{
	struct sh_verdict v;
	char *path;
	int fd, rc;

	if ((path = sh_path_join(folder, file, err)) == NULL)
		return (-1);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		(void)sh_error_sys(err, "file.read", "%s", path);
		free(path);
		return (-1);
	}
	rc = sh_verify_pdf(fd, trust, sh_now(), &v, err);
	(void)close(fd);
	free(path);
	if (rc != 0)
		return (sh_error_context(err, "%s", file));
	t->total++;
	t->accepted += strncmp(t->name, "REJECT_TRUST", 12) == 0 ?
	    v.status == SH_TOTAL_PASSED : (unsigned)v.integrity;
	t->passed += v.status == SH_TOTAL_PASSED;
	if (verbose)
		print_reasons(file, &v);
	sh_verdict_clear(&v);
	return (0);
}

int
main(int argc, char **argv)
{
	struct tally t[MAX_CLASSES], sum[2];
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf manifest = SH_BUF_INIT;
	char *line, *next, *file, *expected, *class, *path;
	size_t n = 0, i;
	struct sh_trust *trust = NULL;
	clock_t began = clock();

	memset(t, 0, sizeof(t));
	memset(sum, 0, sizeof(sum));
	if (argc < 2) {
		(void)fprintf(stderr, "verdicts FOLDER [-v]\n");
		return (64);
	}
	if ((path = sh_path_join(argv[1], "MANIFEST.tsv", &err)) == NULL ||
	    sh_fs_read(path, (size_t)8 << 20, &manifest, &err))
		goto bad;
	free(path);
	if ((path = sh_path_join(argv[1], "trust", &err)) == NULL ||
	    (access(path, R_OK) == 0 && sh_trust_load(path, &trust, &err)))
		goto bad;
	next = (char *)manifest.data;
	while ((line = strsep(&next, "\n")) != NULL && err.code == SH_OK) {
		file = strsep(&line, "\t");
		expected = strsep(&line, "\t");
		class = strsep(&line, "\t");
		if (class == NULL || strcmp(expected, "expected") == 0)
			continue;
		(void)judge(argv[1], file, trust, argc > 2, tally_of(t, &n, expected,
		    class), &err);
	}
	if (err.code != SH_OK)
		goto bad;
	(void)printf("%-28s %5s %9s %6s\n", "expected and class", "files",
	    "accepted", "PASSED");
	for (i = 0; i < n; i++) {
		struct tally *s = &sum[strncmp(t[i].name, "REJECT", 6) == 0];

		(void)printf("%-28s %5u %9u %6u\n", t[i].name, t[i].total,
		    t[i].accepted, t[i].passed);
		s->total += t[i].total;
		s->accepted += t[i].accepted;
		s->passed += t[i].passed;
	}
	(void)printf("%-28s %5u %9u %6u\n", "all good ones", sum[0].total,
	    sum[0].accepted, sum[0].passed);
	(void)printf("%-28s %5u %9u %6u\n", "all attacks", sum[1].total,
	    sum[1].accepted, sum[1].passed);
	(void)printf("%.2f s of CPU\n",
	    (double)(clock() - began) / CLOCKS_PER_SEC);
	sh_trust_free(trust);
	sh_buf_free(&manifest);
	free(path);
	return (0);
bad:
	(void)fprintf(stderr, "verdicts: [%s] %s\n", err.key, err.text);
	sh_trust_free(trust);
	sh_buf_free(&manifest);
	free(path);
	return (1);
}
