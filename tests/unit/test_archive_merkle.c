/*
 * archive/merkle.h against roots and proofs computed straight from the
 * definition, for every leaf of every tree of up to 70 leaves, and against
 * known roots of other implementations.
 */
#include "tests/unit/test.h"

#include "archive/merkle.h"
#include "base/buf.h"

#define MOST	70

static struct sh_digest leaves[MOST];

static void
make_leaves(void)
{
	struct sh_error err = SH_ERROR_INIT;
	uint8_t b;

	for (b = 0; b < MOST; b++)
		must(sh_merkle_leaf(&b, 1, &leaves[b], &err));
}

/* MTH of RFC 9162 2.1.1, word for word. */
static struct sh_digest
mth(uint64_t lo, uint64_t hi)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_digest l, r, d;
	uint64_t k = 1;

	if (hi - lo == 1)
		return (leaves[lo]);
	while (k * 2 < hi - lo)
		k *= 2;
	l = mth(lo, lo + k);
	r = mth(lo + k, hi);
	must(sh_merkle_node(&l, &r, &d, &err));
	return (d);
}

static int
subtree(void *arg, uint64_t lo, uint64_t hi, struct sh_digest *out,
    struct sh_error *err)
{
	(void)arg;
	(void)err;
	*out = mth(lo, hi);
	return (0);
}

static const struct sh_merkle_source source = { subtree, NULL };

static void
roots_follow_the_definition(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_merkle t = { 0 };
	struct sh_digest root, want;
	uint64_t n;
	char hex[SH_HEX_LEN];

	(void)state;
	must(sh_merkle_root(&t, &root, &err));
	sh_hex(root.b, SH_DIGEST_LEN, hex);
	assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb924"
	    "27ae41e4649b934ca495991b7852b855");
	for (n = 0; n < MOST; n++) {
		must(sh_merkle_add(&t, 0, &leaves[n], &err));
		must(sh_merkle_root(&t, &root, &err));
		want = mth(0, n + 1);
		assert_memory_equal(&root, &want, sizeof(root));
	}
}

/* Whole subtrees may be added at once. */
static void
subtrees_can_be_added(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_merkle t = { 0 };
	struct sh_digest root, want;
	uint64_t i;

	(void)state;
	for (i = 0; i < 64; i += 8) {
		want = mth(i, i + 8);
		must(sh_merkle_add(&t, 3, &want, &err));
	}
	must(sh_merkle_add(&t, 0, &leaves[64], &err));
	must(sh_merkle_root(&t, &root, &err));
	want = mth(0, 65);
	assert_memory_equal(&root, &want, sizeof(root));
}

/* The seven leaves that implementations of RFC 6962 test with. */
static void
known_roots(void **state)
{
	static const char *const inputs[] = { "", "00", "10", "2021", "3031",
	    "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"
	};
	struct sh_error err = SH_ERROR_INIT;
	struct sh_merkle t = { 0 };
	struct sh_digest d;
	uint8_t data[16];
	char hex[SH_HEX_LEN];
	size_t i, len;

	(void)state;
	for (i = 0; i < 8; i++) {
		len = strlen(inputs[i]) / 2;
		assert_int_equal(sh_unhex(inputs[i], data, len), 0);
		must(sh_merkle_leaf(data, len, &d, &err));
		must(sh_merkle_add(&t, 0, &d, &err));
	}
	must(sh_merkle_root(&t, &d, &err));
	sh_hex(d.b, SH_DIGEST_LEN, hex);
	assert_string_equal(hex, "5dc9da79a70659a9ad559cb701ded9a2"
	    "ab9d823aad2f4960cfe370eff4604328");
}

static void
every_leaf_can_be_proven_and_no_other(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_digest path[SH_MERKLE_PATH_MAX], root;
	uint64_t size, i;
	size_t n, k;

	(void)state;
	for (size = 1; size <= MOST; size++) {
		root = mth(0, size);
		for (i = 0; i < size; i++) {
			must(sh_merkle_inclusion(&source, i, size, path, &n,
			    &err));
			assert_int_equal(sh_merkle_included(&leaves[i], i,
			    size, path, n, &root, &err), 1);
			assert_int_equal(sh_merkle_included(
			    &leaves[(i + 1) % MOST], i, size, path, n, &root,
			    &err), 0);
			assert_int_equal(sh_merkle_included(&leaves[i],
			    size, size, path, n, &root, &err), 0);
			if (size > 1)
				assert_int_equal(sh_merkle_included(
				    &leaves[i], (i + 1) % size, size, path, n,
				    &root, &err), 0);
			for (k = 0; k < n; k++) {
				path[k].b[7] ^= 1;
				assert_int_equal(sh_merkle_included(
				    &leaves[i], i, size, path, n, &root,
				    &err), 0);
				path[k].b[7] ^= 1;
			}
			if (n > 0)
				assert_int_equal(sh_merkle_included(
				    &leaves[i], i, size, path, n - 1, &root,
				    &err), 0);
		}
	}
}

static void
every_tree_begins_with_every_smaller_one(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_digest proof[SH_MERKLE_PROOF_MAX], old, root;
	uint64_t first, size;
	size_t n;

	(void)state;
	for (size = 1; size <= MOST; size++) {
		for (first = 1; first <= size; first++) {
			old = mth(0, first);
			root = mth(0, size);
			must(sh_merkle_consistency(&source, first, size,
			    proof, &n, &err));
			assert_int_equal(sh_merkle_consistent(first, size,
			    proof, n, &old, &root, &err), 1);
			old.b[0] ^= 1;
			assert_int_equal(sh_merkle_consistent(first, size,
			    proof, n, &old, &root, &err), 0);
			old.b[0] ^= 1;
			if (n == 0)
				continue;
			proof[n / 2].b[3] ^= 1;
			assert_int_equal(sh_merkle_consistent(first, size,
			    proof, n, &old, &root, &err), 0);
			assert_int_equal(sh_merkle_consistent(first, size,
			    proof, n - 1, &old, &root, &err), 0);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roots_follow_the_definition),
		cmocka_unit_test(subtrees_can_be_added),
		cmocka_unit_test(known_roots),
		cmocka_unit_test(every_leaf_can_be_proven_and_no_other),
		cmocka_unit_test(every_tree_begins_with_every_smaller_one),
	};

	make_leaves();
	return (cmocka_run_group_tests_name("merkle", tests, NULL, NULL));
}
