/*
 * Marks that a reading lost or put wrong: "tô chức" is "tổ chức".  A model
 * of administrative Vietnamese chooses among words with the same letters;
 * no letter, figure or sign is ever changed, only marks, and only where
 *
 *	- the word is Vietnamese letters alone, in one pattern of case;
 *	- the model has seen the new word beside its neighbour, or before names
 *	  ("phường …"), and never the word that was read;
 *	- a capitalised word beside others is known beside each of them, or it
 *	  might be a name;
 *	- a word that was read surely has that witness on both sides, or one
 *	  that is nearly always followed or preceded by the new word, or the
 *	  page's reading takes the one tone for the other again and again.
 *
 * The model (data/marks.model) counts words and pairs of them in the
 * catalogue and in generated papers without people's names; "make model"
 * makes it again.
 */
#ifndef SH_OCR_MARKS_H
#define SH_OCR_MARKS_H

#include "base/error.h"
#include "ocr/page.h"

struct sh_marks;

/* DATA of LEN bytes is borrowed for the call; NULL: the model built in. */
int sh_marks_new(const char *data, size_t len, struct sh_marks **mp,
    struct sh_error *err) SH_MUST_CHECK;
void sh_marks_free(struct sh_marks *m);

/* Eight hex digits of the model's digest; borrowed. */
const char *sh_marks_version(const struct sh_marks *m);

/*
 * Mend the words of a page, line by line; *NP: how many were changed.  A
 * word that is changed is no surer than SH_MARKS_SURE afterwards.
 */
#define SH_MARKS_SURE	0.9
int sh_marks_mend(const struct sh_marks *m, struct sh_page *p, unsigned *np,
    struct sh_error *err) SH_MUST_CHECK;

#endif
