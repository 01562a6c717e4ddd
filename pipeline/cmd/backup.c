/* sohoa backup and sohoa restore. */
#include "pipeline/backup.h"

#include "base/text.h"
#include "pipeline/cmd/command.h"

static long long
count_of(const json_t *v, const char *name)
{
	return ((long long)json_integer_value(json_object_get(v, name)));
}

static int
verify(const struct sh_args *a, struct sh_error *err)
{
	json_t *v;

	if (sh_backup_verify(a->operands[0], &v, err))
		return (-1);
	if (a->json)
		return (sh_print_json(v, err));
	(void)printf(a->lang == SH_VI ?
	    "%lld phần, %lld thay đổi, đến vị trí %lld: nguyên vẹn\n" :
	    "%lld increments, %lld changes, to position %lld: whole\n",
	    count_of(v, "increments"), count_of(v, "changes"), count_of(v,
	    "position"));
	json_decref(v);
	return (EX_OK);
}

int
sh_cmd_backup(struct sh_args *a, struct sh_error *err)
{
	const char *keys = sh_args_get(a, "keys");
	struct sh_backup_made made;
	struct sh_home *h;
	int rc;

	if (sh_args_get(a, "verify") != NULL)
		return (verify(a, err));
	if (sh_open_home(a, 0, &h, err))
		return (-1);
	rc = sh_home_backup(h, a->operands[0], keys, &made, err);
	sh_home_close(h);
	if (rc != 0)
		return (-1);
	if (a->json)
		return (sh_print_json(json_pack("{s:I,s:I,s:I,s:I,s:I}",
		    "increment", (json_int_t)made.number, "changes",
		    (json_int_t)made.changes, "blobs", (json_int_t)made.blobs,
		    "bytes", (json_int_t)made.bytes, "position",
		    (json_int_t)made.position), err));
	if (made.number == 0)
		(void)puts(a->lang == SH_VI ? "Không có gì mới." :
		    "Nothing is new.");
	else
		(void)printf(a->lang == SH_VI ?
		    "Phần %u: %llu thay đổi, %llu khối, %llu byte\n" :
		    "Increment %u: %llu changes, %llu blobs, %llu bytes\n",
		    made.number, (unsigned long long)made.changes,
		    (unsigned long long)made.blobs,
		    (unsigned long long)made.bytes);
	return (EX_OK);
}

int
sh_cmd_restore(struct sh_args *a, struct sh_error *err)
{
	const char *keys = sh_args_get(a, "keys"), *to = sh_args_get(a, "to");
	uint64_t position = UINT64_MAX;
	json_t *v;

	if (keys == NULL)
		return (sh_args_usage(a, "it wants --keys"));
	if (to != NULL && (sh_parse_u64(to, INT64_MAX, &position) ||
	    position == 0))
		return (sh_args_usage(a, "--to wants a position"));
	if (sh_home_restore(a->operands[0], keys, a->operands[1], position,
	    &v, err))
		return (-1);
	if (a->json)
		return (sh_print_json(v, err));
	(void)printf(a->lang == SH_VI ?
	    "%s: %lld thay đổi, đến vị trí %lld\n" :
	    "%s: %lld changes, to position %lld\n", a->operands[1],
	    count_of(v, "changes"), count_of(v, "position"));
	json_decref(v);
	return (EX_OK);
}
