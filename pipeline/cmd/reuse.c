/* sohoa reuse, alias, file, dossier, correct, revoke. */
#include "archive/reuse.h"

#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "pipeline/cmd/command.h"

static int
has_flag(const json_t *obj, const char *name)
{
	return (json_integer_value(json_object_get(obj, name)) != 0);
}

/* Print ANSWER, taken over, as JSON. */
static int
finish(const struct sh_args *a, json_t *take_answer, struct sh_error *err)
{
	if (a->json)
		return (sh_print_json(take_answer, err) == 0 ? EX_OK : -1);
	json_decref(take_answer);
	return (EX_OK);
}

/* ---- reuse --------------------------------------------------------------- */

/* The receipt's text, and its signature beside it. */
static int
write_receipt(struct sh_home *h, const struct sh_reader *who,
    const struct sh_document_id *id, const json_t *answer, const char *path,
    struct sh_error *err)
{
	struct sh_buf text = SH_BUF_INIT, sig = SH_BUF_INIT;
	char *beside = NULL;
	int rc = -1;

	if (sh_archive_receipt(h->archive, who, sh_json_text(json_object_get(
	    answer, "receipt"), "receipt"), id, &text, &sig, err) == 0 &&
	    (beside = sh_asprintf(err, "%s.p7s", path)) != NULL &&
	    sh_fs_replace(path, text.data, text.len, 0600, err) == 0)
		rc = sh_fs_replace(beside, sig.data, sig.len, 0600, err);
	free(beside);
	sh_buf_free(&text);
	sh_buf_free(&sig);
	return (rc);
}

static void
print_receipt(const json_t *answer, enum sh_lang lang)
{
	const json_t *r = json_object_get(answer, "receipt");

	(void)printf("%s %s\n  %s %s, %s %s\n  %s  %s %s\n", lang == SH_VI ?
	    "Biên nhận" : "Receipt", sh_json_text(r, "receipt"),
	    lang == SH_VI ? "hồ sơ" : "dossier", sh_json_text(r, "dossier"),
	    lang == SH_VI ? "thành phần" : "component",
	    sh_json_text(r, "component"), sh_json_text(r, "document"),
	    sh_json_text(r, "type"), sh_json_text(r, "number"));
}

int
sh_cmd_reuse(struct sh_args *a, struct sh_error *err)
{
	const char *on = sh_args_get(a, "day"), *out;
	struct sh_home *h = NULL;
	struct sh_holder holder;
	struct sh_reader who;
	struct sh_reuse u = {
		.holder = &holder,
		.dossier = sh_args_get(a, "dossier"),
		.procedure = sh_args_get(a, "procedure"),
		.component = sh_args_get(a, "component"),
		.day = sh_date_at(sh_now()),
		.instead = sh_args_get(a, "instead") != NULL,
		.national = sh_args_get(a, "national") != NULL,
	};
	json_t *answer = NULL;
	int rc = -1;

	if (u.dossier == NULL || u.procedure == NULL || u.component == NULL)
		return (sh_args_usage(a,
		    "it wants --dossier, --procedure and --component"));
	if (on != NULL && sh_date_parse(on, &u.day))
		return (sh_args_usage(a, "--day wants yyyy-mm-dd"));
	if ((rc = sh_args_holder(a, sh_args_get(a, "holder"), &holder,
	    err)) != 0)
		return (rc);
	rc = -1;
	if (sh_args_document(a->operands[0], &u.document, err) ||
	    sh_open_home(a, SH_HOME_WRITE | SH_HOME_SIGN, &h, err))
		goto out;
	who = sh_reader_of(h, a);
	if (sh_archive_reuse(h->archive, &who, &u, h->agency, &answer, err))
		goto out;
	out = sh_args_get(a, "output");
	if (out != NULL && write_receipt(h, &who, &u.document, answer, out,
	    err))
		goto out;
	if (!a->json)
		print_receipt(answer, a->lang);
	rc = finish(a, answer, err);
	answer = NULL;
out:
	json_decref(answer);
	sh_home_close(h);
	return (rc);
}

/* ---- who is who ---------------------------------------------------------- */

int
sh_cmd_alias(struct sh_args *a, struct sh_error *err)
{
	const char *evidence = sh_args_get(a, "evidence");
	struct sh_holder one, other;
	struct sh_home *h = NULL;
	struct sh_reader who;
	int rc = -1;

	if (evidence == NULL)
		return (sh_args_usage(a, "it wants --evidence"));
	memset(&one, 0, sizeof(one));
	memset(&other, 0, sizeof(other));
	if (sh_id_parse(a->operands[0], &one.id, err) ||
	    sh_id_parse(a->operands[1], &other.id, err) ||
	    sh_open_home(a, SH_HOME_WRITE, &h, err))
		goto out;
	who = sh_reader_of(h, a);
	if (sh_archive_alias(h->archive, &who, &one, &other, evidence, err))
		goto out;
	if (!a->json)
		(void)printf("%s = %s\n", other.id.value, one.id.value);
	rc = finish(a, json_pack("{s:s,s:s}", "holder", one.id.value,
	    "alias", other.id.value), err);
out:
	sh_home_close(h);
	return (rc);
}

int
sh_cmd_file(struct sh_args *a, struct sh_error *err)
{
	const char *evidence = sh_args_get(a, "evidence");
	struct sh_holder holder;
	struct sh_home *h = NULL;
	struct sh_reader who;
	size_t n;
	int rc;

	if (evidence == NULL || sh_args_get(a, "name") == NULL ||
	    sh_args_get(a, "birth") == NULL)
		return (sh_args_usage(a,
		    "it wants --name, --birth and --evidence"));
	if ((rc = sh_args_holder(a, a->operands[0], &holder, err)) != 0)
		return (rc);
	if (sh_open_home(a, SH_HOME_WRITE, &h, err))
		return (-1);
	who = sh_reader_of(h, a);
	rc = sh_archive_file(h->archive, &who, &holder, evidence, &n, err);
	if (rc == 0) {
		if (!a->json)
			(void)printf(a->lang == SH_VI ?
			    "%zu giấy tờ của %s nay lưu dưới số %s\n" :
			    "%zu documents of %s are now filed under %s\n",
			    n, holder.name, holder.id.value);
		rc = finish(a, json_pack("{s:s,s:I}", "holder",
		    holder.id.value, "documents", (json_int_t)n), err);
	}
	sh_home_close(h);
	return (rc);
}

/* ---- a dossier ----------------------------------------------------------- */

static void
print_document(const json_t *d)
{
	(void)printf("    %s  %-8s %s%s%s\n", sh_json_text(d, "document"),
	    sh_json_text(d, "how"), sh_json_text(d, "name"),
	    strcmp(sh_json_text(d, "status"), "archived") == 0 ? "" : "  ! ",
	    strcmp(sh_json_text(d, "status"), "archived") == 0 ? "" :
	    sh_json_text(d, "status"));
}

static void
print_dossier(const json_t *answer, enum sh_lang lang)
{
	const json_t *c, *d;
	size_t i, k;

	(void)printf("%s  %s\n", sh_json_text(answer, "dossier"),
	    sh_json_text(answer, "procedure"));
	json_array_foreach(json_object_get(answer, "components"), i, c) {
		(void)printf("  %s %s  [%s]\n",
		    sh_json_text(c, "MaThanhPhanHoSo"),
		    sh_json_text(c, "TenThanhPhanHoSo"),
		    has_flag(c, "DuocTaiSuDung") ? lang == SH_VI ?
		    "tái sử dụng" : "reused" : has_flag(c, "DuocSoHoa") ?
		    lang == SH_VI ? "đã số hóa" : "digitised" : "-");
		json_array_foreach(json_object_get(c, "documents"), k, d)
			print_document(d);
	}
	json_array_foreach(json_object_get(answer, "others"), i, d)
		print_document(d);
}

int
sh_cmd_dossier(struct sh_args *a, struct sh_error *err)
{
	struct sh_home *h = NULL;
	struct sh_reader who;
	json_t *answer;
	int rc = -1;

	if (sh_open_home(a, 0, &h, err))
		return (-1);
	who = sh_reader_of(h, a);
	if (sh_archive_dossier(h->archive, &who, a->operands[0],
	    sh_args_get(a, "procedure"), sh_config_text(h->config,
	    "paper-code"), &answer, err) == 0) {
		if (!a->json)
			print_dossier(answer, a->lang);
		rc = finish(a, answer, err);
	}
	sh_home_close(h);
	return (rc);
}

/* ---- what ends a document's worth ---------------------------------------- */

static int
end_document(struct sh_args *a, struct sh_error *err)
{
	const char *reason = sh_args_get(a, "reason");
	struct sh_document_id id, by;
	struct sh_home *h = NULL;
	struct sh_reader who;
	int two = a->noperands == 2, rc = -1;

	if (reason == NULL)
		return (sh_args_usage(a, "it wants --reason"));
	if (sh_args_document(a->operands[0], &id, err) ||
	    (two && sh_args_document(a->operands[1], &by, err)) ||
	    sh_open_home(a, SH_HOME_WRITE, &h, err))
		goto out;
	who = sh_reader_of(h, a);
	if (two ? sh_archive_supersede(h->archive, &who, &id, &by, reason,
	    err) : sh_archive_revoke(h->archive, &who, &id, reason, err))
		goto out;
	if (!a->json)
		(void)printf("%s: %s\n", a->operands[0], two ?
		    a->lang == SH_VI ? "đã được thay thế" : "superseded" :
		    a->lang == SH_VI ? "đã bị thu hồi" : "revoked");
	rc = finish(a, json_pack("{s:s,s:s}", "document", a->operands[0],
	    "status", two ? "superseded" : "revoked"), err);
out:
	sh_home_close(h);
	return (rc);
}

int
sh_cmd_correct(struct sh_args *a, struct sh_error *err)
{
	return (end_document(a, err));
}

int
sh_cmd_revoke(struct sh_args *a, struct sh_error *err)
{
	return (end_document(a, err));
}
