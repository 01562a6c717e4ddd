/* The XMP packet of a PDF/A file; says what Info says, word for word. */
#include "ocr/pdfa_internal.h"

#include <string.h>

#include "base/clock.h"

#define PADDING_LINES	20	/* of 100 bytes */

static int
put_escaped(struct sh_buf *out, const char *s, struct sh_error *err)
{
	for (; *s != '\0'; s++) {
		int rc;

		switch (*s) {
		case '&':
			rc = sh_buf_puts(out, "&amp;", err);
			break;
		case '<':
			rc = sh_buf_puts(out, "&lt;", err);
			break;
		case '>':
			rc = sh_buf_puts(out, "&gt;", err);
			break;
		default:
			rc = sh_buf_append(out, s, 1, err);
		}
		if (rc != 0)
			return (-1);
	}
	return (0);
}

/* BEFORE, the text, AFTER; nothing at all without a text. */
static int
put_text(struct sh_buf *out, const char *before, const char *text,
    const char *after, struct sh_error *err)
{
	if (text == NULL)
		return (0);
	return (sh_buf_puts(out, before, err) ||
	    put_escaped(out, text, err) ||
	    sh_buf_puts(out, after, err) ? -1 : 0);
}

int
sh_pdfa_xmp(const struct sh_pdfa_info *info, struct sh_buf *out,
    struct sh_error *err)
{
	static const struct {
		int part;
		char conformance;
	} claim[] = { [SH_PDFA_2U] = { 2, 'U' }, [SH_PDFA_1B] = { 1, 'B' },
	    [SH_PDFA_3U] = { 3, 'U' } };
	char when[SH_TIME_LEN];
	int i;

	sh_time_print(info->created, when);
	/* Rule: ISO 19005-2 6.6.2 and 6.6.4, ISO 16684-1. */
	if (sh_buf_puts(out, "<?xpacket begin=\"\xef\xbb\xbf\" "
	    "id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"
	    "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n"
	    "<rdf:RDF xmlns:rdf="
	    "\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n"
	    "<rdf:Description rdf:about=\"\"\n"
	    " xmlns:pdfaid=\"http://www.aiim.org/pdfa/ns/id/\"\n"
	    " xmlns:dc=\"http://purl.org/dc/elements/1.1/\"\n"
	    " xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\"\n"
	    " xmlns:pdf=\"http://ns.adobe.com/pdf/1.3/\">\n", err) ||
	    sh_buf_printf(out, err, "<pdfaid:part>%d</pdfaid:part>\n"
	    "<pdfaid:conformance>%c</pdfaid:conformance>\n",
	    claim[info->flavour].part, claim[info->flavour].conformance) ||
	    sh_buf_puts(out, "<dc:format>application/pdf</dc:format>\n",
	    err) ||
	    put_text(out, "<dc:title><rdf:Alt><rdf:li "
	    "xml:lang=\"x-default\">", info->title,
	    "</rdf:li></rdf:Alt></dc:title>\n", err) ||
	    put_text(out, "<dc:description><rdf:Alt><rdf:li "
	    "xml:lang=\"x-default\">", info->subject,
	    "</rdf:li></rdf:Alt></dc:description>\n", err) ||
	    put_text(out, "<dc:identifier>", info->identifier,
	    "</dc:identifier>\n", err) ||
	    sh_buf_puts(out, "<dc:language><rdf:Bag><rdf:li>vi</rdf:li>"
	    "</rdf:Bag></dc:language>\n", err) ||
	    sh_buf_printf(out, err,
	    "<xmp:CreateDate>%s</xmp:CreateDate>\n"
	    "<xmp:ModifyDate>%s</xmp:ModifyDate>\n"
	    "<xmp:MetadataDate>%s</xmp:MetadataDate>\n"
	    "<pdf:Producer>" SH_PDFA_PRODUCER "</pdf:Producer>\n"
	    "</rdf:Description>\n</rdf:RDF>\n</x:xmpmeta>\n", when, when,
	    when))
		return (-1);
	for (i = 0; i < PADDING_LINES; i++)
		if (sh_buf_printf(out, err, "%99s\n", ""))
			return (-1);
	return (sh_buf_puts(out, "<?xpacket end=\"w\"?>", err));
}
