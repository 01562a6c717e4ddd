/*
 * Writes documents of known content into an archive and says ACK n once
 * each is archived: what the fault tests kill and starve.
 *
 *   archive_writer DIR COUNT [BATCH [PATIENCE]]
 *
 * Document n is the fixture's number n, of person n / 3, of two holders when
 * n is divisible by 4; every third is handed in again by another dossier.
 * Creates the archive when it is missing.  A full disk is met by trying again
 * PATIENCE times.  Exit status 1: an error, named on standard error.
 *
 * SOHOA_ACTS: then what archive_acts.h says.
 *
 * SOHOA_SEALS names a PKCS#12 file of the passphrase "geheimni": the archive
 * is sealed after each batch.
 */
#include "tests/tools/shim.h"

#include "archive/seal.h"
#include "tests/unit/archive_fixture.h"

static void
make_own(struct fixture_doc *d, unsigned n, unsigned person, int two)
{
	shim_own(1);
	fixture_make(d, n, person, two);
	shim_own(0);
}

#define ACTS_MAKE	make_own
#define ACTS_OWN(own)	shim_own(own)
#include "tests/tools/archive_acts.h"

static int
complain(const struct sh_error *err)
{
	(void)fprintf(stderr, "%s [%s] %s\n", sh_code_word(err->code),
	    err->key, err->text);
	return (1);
}

static int
acknowledge(unsigned n)
{
	char line[32];
	int len = snprintf(line, sizeof(line), "ACK %u\n", n);

	return (write(STDOUT_FILENO, line, (size_t)len) == len ? 0 : -1);
}

static int
write_batch(struct sh_archive *ar, unsigned first, unsigned n,
    struct sh_error *err)
{
	struct fixture_doc *docs;
	struct sh_accession *acc;
	struct sh_accession_result *r;
	unsigned i, total = n;
	int rc = -1;

	shim_own(1);
	docs = calloc(n, sizeof(*docs));
	acc = calloc(2 * n, sizeof(*acc));
	r = calloc(2 * n, sizeof(*r));
	shim_own(0);
	for (i = 0; i < n; i++) {
		make_own(&docs[i], first + i, (first + i) / 3,
		    (first + i) % 4 == 0);
		acc[i] = docs[i].acc;
		if ((first + i) % 3 == 0) {
			acc[total] = acc[i];
			acc[total++].dossier = "linked";
		}
	}
	if (sh_archive_accede_many(ar, acc, total, r, err))
		goto out;
	for (i = 0; i < total; i++) {
		if (r[i].error.code != SH_OK) {
			*err = r[i].error;
			goto out;
		}
	}
	for (i = 0; i < n; i++)
		if (acknowledge(first + i) != 0)
			goto out;
	rc = 0;
out:
	for (i = 0; i < n; i++)
		fixture_free(&docs[i]);
	free(docs);
	free(acc);
	free(r);
	return (rc);
}

/* With no authority: what is chained and signed must survive as well. */
static int
seal(struct sh_archive *ar, struct sh_error *err)
{
	struct sh_sealing with = { .now = sh_now() };
	unsigned n;
	int rc = -1;

	if (getenv("SOHOA_SEALS") == NULL)
		return (0);
	if ((with.signer = acts_signer(err)) != NULL)
		rc = sh_seals_make(ar, &with, &n, NULL, err);
	sh_signer_close(with.signer);
	return (rc);
}

int
main(int argc, char **argv)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_catalogue *catalogue = NULL;
	struct fixture_place p;
	struct sh_archive *ar;
	unsigned count, batch, patience, i, n;
	char seals[400], access[400];
	int rc = 0;

	shim_begin();
	if (argc < 3)
		return (64);
	count = (unsigned)atoi(argv[2]);
	batch = argc > 3 ? (unsigned)atoi(argv[3]) : 1;
	patience = argc > 4 ? (unsigned)atoi(argv[4]) : 0;
	fixture_place(&p, argv[1], "?map=262144&segment=60000");
	if (getenv("SOHOA_SEALS") != NULL) {
		(void)snprintf(seals, sizeof(seals), "%s/seals", argv[1]);
		p.place.seals = seals;
	}
	if (getenv("SOHOA_ACTS") != NULL) {
		(void)snprintf(access, sizeof(access), "%s/access", argv[1]);
		p.place.access = access;
		catalogue = acts_catalogue();
	}
	if (sh_archive_open(&p.place, catalogue, 0, &ar, &err)) {
		if (err.code != SH_ENOTFOUND)
			return (complain(&err));
		sh_error_clear(&err);
		if (sh_archive_create(&p.place, &err) ||
		    sh_archive_open(&p.place, catalogue, 0, &ar, &err))
			return (complain(&err));
	}
	for (i = 0; i < count && rc == 0; i += batch) {
		n = count - i < batch ? count - i : batch;
		while ((rc = write_batch(ar, i, n, &err)) != 0 &&
		    strcmp(err.key, "disk.full") == 0 && patience-- > 0)
			sh_error_clear(&err);
		if (rc == 0)
			rc = seal(ar, &err);
	}
	if (rc == 0 && getenv("SOHOA_ACTS") != NULL)
		rc = acts_do(ar, argv[1], &err);
	if (rc == 0)
		rc = sh_archive_search_follow(ar, &err);
	sh_archive_close(ar);
	sh_catalogue_free(catalogue);
	return (rc != 0 ? complain(&err) : 0);
}
