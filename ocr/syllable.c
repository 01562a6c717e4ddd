#include "ocr/syllable.h"

#include <string.h>
#include <uninorm.h>

#include "base/text.h"

enum sh_tone
sh_syllable_tone(const char *s)
{
	static const ucs4_t marks[SH_TONES] = { 0, 0x300, 0x301, 0x303, 0x309,
	    0x323 };
	const char *end = s + strlen(s);
	ucs4_t parts[UC_DECOMPOSITION_MAX_LENGTH];
	uint32_t cp;
	size_t n;
	int i, k, tone;

	for (; (n = sh_utf8_get(s, end, &cp)) > 0; s += n)
		for (; (k = uc_canonical_decomposition(cp, parts)) > 0;
		    cp = parts[0])
			for (i = 1; i < k; i++)
				for (tone = SH_GRAVE; tone < SH_TONES; tone++)
					if (parts[i] == marks[tone])
						return ((enum sh_tone)tone);
	return (SH_LEVEL);
}

int
sh_syllable_possible(const char *low)
{
	size_t n = strlen(low);
	enum sh_tone tone;

	if (n < 2 || (strchr("ptc", low[n - 1]) == NULL &&
	    strcmp(low + n - 2, "ch") != 0))
		return (1);
	tone = sh_syllable_tone(low);
	return (tone == SH_ACUTE || tone == SH_DOT);
}
