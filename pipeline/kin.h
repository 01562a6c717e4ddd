/*
 * What one document is to another of the same holder: the same sheet
 * captured again, a later issue, a certified copy, or something else.
 *
 * A form that says something else is never the same document, however alike
 * it looks: one number that both captures read surely and differently keeps
 * them apart.  Nor does text alone make two sheets one, since a digit may be
 * read as just that of another paper: their pictures must agree where the
 * number stands.  Pure.
 */
#ifndef SH_PIPELINE_KIN_H
#define SH_PIPELINE_KIN_H

#include "archive/archive.h"
#include "pipeline/sheet.h"

enum sh_kinship {
	SH_KIN_OTHER,		/* another paper */
	SH_KIN_RESCAN,		/* the same sheet, captured again */
	SH_KIN_COPY,		/* one is a certified copy of the other */
	SH_KIN_NEWER,		/* of the paper that was held: a later issue */
	SH_KIN_OLDER,
	SH_KIN_CONFLICT,	/* the same number, but another content */
	SH_KIN_UNSURE		/* a rescan, if everything was read rightly */
};

/* "rescan", "certified-copy", … as events and answers name it. */
const char *sh_kinship_word(enum sh_kinship kinship);

struct sh_kin {
	enum sh_kinship kinship;
	int pictured;		/* RESCAN: every page looks the same */
	int better;		/* RESCAN: this capture is the better one */
	unsigned agreeing;	/* fields that both read and that agree */
	int words_bp;		/* share of words that agree, ten-thousandths */
	const char *differs;	/* CONFLICT, OTHER: the field, or NULL */
	struct sh_document_id id;	/* of the held document */
};

/* As schemas/document.schema.json has it; not for SH_KIN_OTHER. */
json_t *sh_kin_json(const struct sh_kin *kin, struct sh_error *err);

/*
 * The kinship of a sheet to a held one by what was read of them, never
 * SH_KIN_RESCAN; marks the words that agree.  OUT->id is the caller's to set.
 */
int sh_kin_compare(struct sh_sheet *s, struct sh_sheet *held,
    struct sh_kin *out, struct sh_error *err) SH_MUST_CHECK;

/* May their pictures say more: unsure, or words only in conflict? */
int sh_kin_is_open(const struct sh_kin *kin);
/*
 * An open kinship once each place of the two was looked at on the other one's
 * picture (sheet.h): SH_KIN_RESCAN, or as it was.
 */
void sh_kin_look(const struct sh_sheet *s, const struct sh_sheet *held,
    struct sh_kin *out);
/*
 * The same where every page looks the same as the other's, stroke for stroke:
 * SH_KIN_RESCAN, but SH_KIN_CONFLICT where both say surely what is not the
 * same; and a certified copy stays one.
 */
void sh_kin_picture(const struct sh_sheet *s, const struct sh_sheet *held,
    struct sh_kin *out);

#endif
