/*
 * Sentences for people, by the error's key, from schemas/messages.json:
 * {"image.too-wide": {"vi": "Ảnh rộng {value} điểm…", "en": "…"}}.
 * {page}, {file}, {value}, {limit} and the other names are the error's
 * parameters; a name without a value prints as "?".  Every key that the
 * tree uses has its sentence (make lint checks it).
 */
#ifndef SH_SCHEMAS_MESSAGE_H
#define SH_SCHEMAS_MESSAGE_H

#include "base/buf.h"
#include "base/error.h"

enum sh_lang { SH_VI, SH_EN };

/* From SOHOA_LANG, LC_ALL, LC_MESSAGES, LANG: Vietnamese unless English. */
enum sh_lang sh_lang_from_env(void);

/* Cause and next step as one or two sentences.  Never fails on a known key. */
int sh_message(const struct sh_error *error, enum sh_lang lang,
    struct sh_buf *out, struct sh_error *err) SH_MUST_CHECK;

/* The plain text under KEY ("review.holder-mismatch"); NULL if unknown. */
const char *sh_message_text(const char *key, enum sh_lang lang);

#endif
