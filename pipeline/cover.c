#include "pipeline/cover.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define MAC_BYTES	10
#define MAC_LEN		16	/* base32 */

/* Text before the MAC. */
static int
body(const struct sh_cover *c, struct sh_buf *out, struct sh_error *err)
{
	return (sh_buf_printf(out, err, "SH2|%s|%s|%s|%u|%u|", c->dossier,
	    c->component, c->type, c->n, c->m));
}

static int
mac_of(struct sh_archive *ar, const struct sh_buf *text,
    char out[MAC_LEN + 1], struct sh_error *err)
{
	struct sh_digest digest;

	if (sh_archive_keyed_digest(ar, "cover", text->data, text->len,
	    &digest, err))
		return (-1);
	sh_base32(digest.b, MAC_BYTES, out);
	return (0);
}

int
sh_cover_text(struct sh_archive *ar, const struct sh_cover *c,
    struct sh_buf *out, struct sh_error *err)
{
	char mac[MAC_LEN + 1];

	sh_buf_reset(out);
	if (body(c, out, err) || mac_of(ar, out, mac, err))
		return (-1);
	return (sh_buf_puts(out, mac, err));
}

/* The part up to the next bar; NULL when there is none or it is too long. */
static const char *
part(const char *s, char *out, size_t size)
{
	size_t n;

	if (s == NULL || (n = strcspn(s, "|")) >= size)
		return (NULL);
	memcpy(out, s, n);
	out[n] = '\0';
	return (s[n] == '|' ? s + n + 1 : s + n);
}

static int
parse(const char *mark, struct sh_cover *c, char mac[MAC_LEN + 1])
{
	char n[8], m[8];
	const char *s = mark + 4;
	uint64_t v[2];

	s = part(s, c->dossier, sizeof(c->dossier));
	s = part(s, c->component, sizeof(c->component));
	s = part(s, c->type, sizeof(c->type));
	s = part(s, n, sizeof(n));
	s = part(s, m, sizeof(m));
	s = part(s, mac, MAC_LEN + 1);
	if (s == NULL || *s != '\0' || sh_parse_u64(n, SH_COVER_SHEETS_MAX,
	    &v[0]) || sh_parse_u64(m, SH_COVER_SHEETS_MAX, &v[1]) ||
	    v[0] == 0 || v[0] > v[1])
		return (-1);
	c->n = (unsigned)v[0];
	c->m = (unsigned)v[1];
	return (0);
}

int
sh_cover_read(struct sh_archive *ar, const char *dossier, const char *mark,
    struct sh_cover *out, enum sh_cover_kind *kindp, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	char mac[MAC_LEN + 1], own[MAC_LEN + 1];
	int rc = -1;

	memset(out, 0, sizeof(*out));
	*kindp = SH_COVER_NONE;
	if (strncmp(mark, "SH2|", 4) != 0)
		return (0);
	*kindp = SH_COVER_FORGED;
	if (parse(mark, out, mac))
		return (0);
	if (ar != NULL) {
		if (body(out, &b, err) || mac_of(ar, &b, own, err))
			goto out;
		if (strlen(mac) != MAC_LEN || !sh_equal_secret(mac, own,
		    MAC_LEN)) {
			rc = 0;
			goto out;
		}
	}
	*kindp = strcmp(out->dossier, dossier) == 0 ? SH_COVER_GENUINE :
	    SH_COVER_FOREIGN;
	rc = 0;
out:
	sh_buf_free(&b);
	return (rc);
}
