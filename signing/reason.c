#include "signing/reason.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define FAILED(sub)	SH_TOTAL_FAILED, sub, 1
#define UNSURE(sub)	SH_INDETERMINATE, sub, 1
#define UNTRUSTED(sub)	SH_INDETERMINATE, sub, 0
#define NOTE		SH_TOTAL_PASSED, NULL, 0

static const struct sh_reason reasons[] = {
	/* The file. */
	{ "pdf.damaged", FAILED("FORMAT_FAILURE"),
	    "Tệp PDF bị hỏng hoặc không đúng chuẩn, không kiểm tra được chữ "
	    "ký. Hãy yêu cầu gửi lại tệp gốc.",
	    "The PDF file is damaged or not well formed; its signatures "
	    "cannot be checked. Ask for the original file again." },
	{ "pdf.encrypted", UNSURE("GENERIC"),
	    "Tệp PDF bị đặt mật khẩu nên không mở được. Hãy xin bản không "
	    "đặt mật khẩu.",
	    "The PDF file is encrypted and cannot be opened. Ask for it "
	    "without a password." },
	{ "pdf.limit", UNSURE("GENERIC"),
	    "Tệp PDF quá phức tạp để kiểm tra an toàn. Hãy yêu cầu tệp đơn "
	    "giản hơn hoặc quét lại bản giấy.",
	    "The PDF file is too complex to be checked safely. Ask for a "
	    "simpler file or scan the paper." },
	{ "pdf.filter", UNSURE("GENERIC"),
	    "Tệp PDF dùng cách nén không được hỗ trợ nên không kiểm tra được "
	    "chữ ký. Hãy yêu cầu lưu lại theo chuẩn PDF/A.",
	    "The PDF file is coded in a way that is not supported. Ask for it "
	    "as PDF/A." },
	{ "pdf.hybrid", UNTRUSTED("FORMAT_FAILURE"),
	    "Tệp PDF có hai cách đọc, chương trình khác có thể hiển thị nội "
	    "dung khác. Hãy yêu cầu lưu lại theo chuẩn PDF/A và ký lại.",
	    "The PDF file can be read in two ways, and another program may "
	    "show another content. Ask for it as PDF/A, signed again." },
	{ "signature.none", UNSURE("NO_SIGNATURE"),
	    "Tệp PDF không có chữ ký số nào. Hãy yêu cầu bản có ký số hoặc "
	    "đối chiếu với bản giấy.",
	    "The PDF file has no signature. Ask for a signed one or compare "
	    "with the paper." },
	/* The signature in the file. */
	{ "signature.dictionary", FAILED("FORMAT_FAILURE"),
	    "Phần chữ ký trong tệp bị thiếu hoặc sai cấu trúc. Không chấp "
	    "nhận tệp này; hãy yêu cầu ký lại.",
	    "The signature in the file is incomplete or malformed. Do not "
	    "accept the file; ask for it to be signed again." },
	{ "signature.range", FAILED("FORMAT_FAILURE"),
	    "Chữ ký không bao phủ toàn bộ nội dung mà nó phải bảo vệ. Không "
	    "chấp nhận tệp này.",
	    "The signature does not cover all that it must protect. Do not "
	    "accept the file." },
	{ "signature.shared", FAILED("FORMAT_FAILURE"),
	    "Một chữ ký hoặc một tên ô ký được dùng hai lần trong tệp. Không "
	    "chấp nhận tệp này.",
	    "One signature or one field name is used twice in the file. Do "
	    "not accept the file." },
	{ "signature.kind", UNSURE("FORMAT_FAILURE"),
	    "Chữ ký thuộc loại không được hỗ trợ (cần PAdES). Hãy yêu cầu ký "
	    "lại theo PAdES.",
	    "The signature is of a kind that is not supported (PAdES is). "
	    "Ask for it to be signed again." },
	{ "signature.profile", NOTE,
	    "Chữ ký theo kiểu cũ (không phải PAdES); vẫn kiểm tra được.",
	    "The signature is of an older form than PAdES; it can be "
	    "checked all the same." },
	{ "revision.changed", FAILED("FORMAT_FAILURE"),
	    "Nội dung tệp đã bị thay đổi sau khi ký. Không chấp nhận tệp này; "
	    "hãy yêu cầu bản gốc.",
	    "The file was changed after it was signed. Do not accept it; ask "
	    "for the original." },
	{ "revision.stray", FAILED("FORMAT_FAILURE"),
	    "Sau phần đã ký có dữ liệu lạ không thuộc phần nào của tệp. Không "
	    "chấp nhận tệp này.",
	    "Stray data stand behind the signed part. Do not accept the "
	    "file." },
	{ "revision.later", NOTE,
	    "Sau chữ ký này tệp chỉ được thêm chữ ký hoặc dữ liệu kiểm tra "
	    "khác, đúng phép.",
	    "After this signature only further signatures or validation data "
	    "were added, as is allowed." },
	/* The CMS. */
	{ "cms.damaged", FAILED("FORMAT_FAILURE"),
	    "Giá trị chữ ký bị hỏng. Không chấp nhận tệp này; hãy yêu cầu ký "
	    "lại.",
	    "The signature value is damaged. Do not accept the file; ask for "
	    "it to be signed again." },
	{ "cms.padding", FAILED("FORMAT_FAILURE"),
	    "Có dữ liệu ẩn sau giá trị chữ ký. Không chấp nhận tệp này.",
	    "Data are hidden behind the signature value. Do not accept the "
	    "file." },
	{ "cms.signers", FAILED("FORMAT_FAILURE"),
	    "Một chữ ký phải có đúng một người ký. Không chấp nhận tệp này.",
	    "A signature must have exactly one signer. Do not accept the "
	    "file." },
	{ "cms.content", FAILED("FORMAT_FAILURE"),
	    "Chữ ký mang nội dung khác thay vì bảo vệ tệp này. Không chấp "
	    "nhận tệp này.",
	    "The signature carries other content instead of protecting this "
	    "file. Do not accept it." },
	{ "cms.attributes", FAILED("FORMAT_FAILURE"),
	    "Thông tin được ký kèm bị thiếu hoặc lặp lại. Không chấp nhận tệp "
	    "này.",
	    "What is signed along with the file is incomplete or repeated. "
	    "Do not accept the file." },
	{ "cms.digests", FAILED("FORMAT_FAILURE"),
	    "Các thuật toán băm ghi trong chữ ký không khớp nhau. Không chấp "
	    "nhận tệp này.",
	    "The digests named in the signature do not agree. Do not accept "
	    "the file." },
	{ "cms.limit", UNSURE("GENERIC"),
	    "Chữ ký quá lớn để kiểm tra an toàn. Hãy yêu cầu ký lại.",
	    "The signature is too large to be checked safely. Ask for it to "
	    "be signed again." },
	{ "cms.algorithm", UNSURE("GENERIC"),
	    "Chữ ký dùng thuật toán không được hỗ trợ. Hãy yêu cầu ký lại "
	    "bằng thuật toán được phép (RSA, ECDSA với SHA-2).",
	    "The signature uses an algorithm that is not supported. Ask for "
	    "one that is allowed (RSA, ECDSA with SHA-2)." },
	{ "cms.weak", UNSURE("CRYPTO_CONSTRAINTS_FAILURE_NO_POE"),
	    "Chữ ký dùng thuật toán đã yếu (SHA-1, MD5), không còn giá trị "
	    "chứng minh. Hãy yêu cầu ký lại.",
	    "The signature uses a weak algorithm (SHA-1, MD5) that proves "
	    "nothing any more. Ask for it to be signed again." },
	{ "cms.certificate", UNSURE("SIGNING_CERTIFICATE_NOT_FOUND"),
	    "Trong tệp không có chứng thư của người ký. Hãy yêu cầu ký lại "
	    "kèm chứng thư.",
	    "The signer's certificate is not in the file. Ask for it to be "
	    "signed with the certificate included." },
	{ "cms.substituted", UNSURE("SIGNING_CERTIFICATE_NOT_FOUND"),
	    "Chứng thư trong tệp không phải chứng thư đã dùng để ký. Không "
	    "chấp nhận tệp này.",
	    "The certificate in the file is not the one that was signed "
	    "with. Do not accept the file." },
	{ "cms.ess", UNSURE("SIG_CONSTRAINTS_FAILURE"),
	    "Chữ ký PAdES thiếu thông tin gắn với chứng thư của người ký. Hãy "
	    "yêu cầu ký lại.",
	    "The PAdES signature does not name its signer's certificate. Ask "
	    "for it to be signed again." },
	{ "cms.digest", FAILED("HASH_FAILURE"),
	    "Nội dung tệp không còn đúng như lúc ký. Không chấp nhận tệp này; "
	    "hãy yêu cầu bản gốc.",
	    "The content is not what was signed. Do not accept the file; ask "
	    "for the original." },
	{ "cms.signature", FAILED("SIG_CRYPTO_FAILURE"),
	    "Giá trị chữ ký sai. Không chấp nhận tệp này.",
	    "The signature value is wrong. Do not accept the file." },
	/* The signer's certificate. */
	{ "chain.none", UNTRUSTED("NO_CERTIFICATE_CHAIN_FOUND"),
	    "Chứng thư của người ký không do tổ chức chứng thực được tin cậy "
	    "cấp. Hãy kiểm tra nguồn gốc tệp hoặc báo quản trị viên.",
	    "The signer's certificate leads to no trusted authority. Check "
	    "where the file comes from or tell the administrator." },
	{ "chain.invalid", UNTRUSTED("CERTIFICATE_CHAIN_GENERAL_FAILURE"),
	    "Chuỗi chứng thư của người ký không hợp lệ. Hãy báo quản trị "
	    "viên.",
	    "The signer's chain of certificates is not valid. Tell the "
	    "administrator." },
	{ "chain.expired", UNTRUSTED("OUT_OF_BOUNDS_NO_POE"),
	    "Chứng thư của người ký đã hết hạn và không có dấu thời gian "
	    "chứng minh tệp được ký trước đó.",
	    "The signer's certificate has expired, and no time stamp proves "
	    "that the file was signed before." },
	{ "chain.not-yet", UNTRUSTED("OUT_OF_BOUNDS_NO_POE"),
	    "Chứng thư của người ký chưa có hiệu lực. Hãy kiểm tra đồng hồ "
	    "máy.",
	    "The signer's certificate is not valid yet. Check the clock of "
	    "this machine." },
	{ "chain.usage", UNTRUSTED("CHAIN_CONSTRAINTS_FAILURE"),
	    "Chứng thư của người ký không được cấp để ký văn bản.",
	    "The signer's certificate was not issued for signing "
	    "documents." },
	{ "chain.revoked", UNTRUSTED("REVOKED_NO_POE"),
	    "Chứng thư của người ký đã bị thu hồi, không có dấu thời gian "
	    "chứng minh tệp được ký trước đó. Không chấp nhận tệp này.",
	    "The signer's certificate was revoked, and no time stamp proves "
	    "that the file was signed before. Do not accept the file." },
	{ "chain.weak", UNTRUSTED("CRYPTO_CONSTRAINTS_FAILURE_NO_POE"),
	    "Khóa hoặc thuật toán trong chuỗi chứng thư đã yếu, không còn "
	    "được chấp nhận.",
	    "A key or algorithm in the chain of certificates is too weak to "
	    "be accepted." },
	{ "chain.unanswered", UNTRUSTED("TRY_LATER"),
	    "Chưa biết chứng thư có bị thu hồi hay không vì chưa hỏi được tổ "
	    "chức chứng thực. Hãy kiểm tra lại khi có mạng (thêm --fetch).",
	    "Whether the certificate was revoked is not known: its issuer was "
	    "not asked. Verify again with a network (add --fetch)." },
	{ "time.damaged", UNSURE("SIG_CONSTRAINTS_FAILURE"),
	    "Dấu thời gian của chữ ký bị hỏng hoặc thuộc chữ ký khác. Không "
	    "chấp nhận tệp này.",
	    "The signature's time stamp is damaged or belongs to another "
	    "signature. Do not accept the file." },
	{ "time.order", UNTRUSTED("TIMESTAMP_ORDER_FAILURE"),
	    "Dấu thời gian ghi thời điểm không thể có (ở tương lai hoặc sau "
	    "dấu thời gian bao ngoài). Hãy kiểm tra đồng hồ máy.",
	    "A time stamp tells an impossible time (in the future, or after "
	    "the stamp that covers it). Check the clock of this machine." },
	/* Notes. */
	{ "revocation.unchecked", NOTE,
	    "Chưa kiểm tra được chứng thư có bị thu hồi hay không.",
	    "Whether the certificate was revoked has not been checked." },
	{ "time.claimed", NOTE,
	    "Thời gian ký do người ký tự khai, chưa có dấu thời gian chứng "
	    "minh.",
	    "The time of signing is the signer's own claim; no time stamp "
	    "proves it." },
	{ "time.proven", NOTE,
	    "Dấu thời gian chứng minh chữ ký đã có vào thời điểm nêu trong "
	    "báo cáo.",
	    "A time stamp proves that the signature existed at the time that "
	    "the report gives." },
	{ "time.untrusted", NOTE,
	    "Dấu thời gian của chữ ký không dùng được để chứng minh thời điểm "
	    "ký vì không xác minh được tổ chức cấp dấu.",
	    "The signature's time stamp proves nothing, because its authority "
	    "could not be verified." },
};

_Static_assert(SH_COUNT(reasons) <= SH_MAX_REASONS,
    "findings must have room for every reason");

const struct sh_reason *
sh_reason_at(size_t i)
{
	return (i < SH_COUNT(reasons) ? &reasons[i] : NULL);
}

static const struct sh_reason *
find(const char *key)
{
	size_t i;

	for (i = 0; i < SH_COUNT(reasons); i++)
		if (strcmp(reasons[i].key, key) == 0)
			return (&reasons[i]);
	return (NULL);
}

void
sh_findings_add(struct sh_findings *f, const char *key, const char *fmt, ...)
{
	const struct sh_reason *r = find(key);
	char *p;
	va_list ap;
	size_t i;

	assert(r != NULL);
	for (i = 0; i < f->n; i++)
		if (f->item[i].reason == r)
			return;
	f->item[f->n].reason = r;
	va_start(ap, fmt);
	(void)vsnprintf(f->item[f->n].detail, sizeof(f->item[f->n].detail),
	    fmt, ap);
	va_end(ap);
	/* Names out of hostile files, perhaps cut inside a character. */
	for (p = f->item[f->n].detail; *p != '\0'; p++)
		if (*p < 0x20 || *p == 0x7f)
			*p = '?';
	f->n++;
}

int
sh_findings_error(struct sh_findings *f, struct sh_error *err)
{
	char text[sizeof(f->item[0].detail)];
	const char *key = find(err->key) != NULL ? err->key :
	    "signature.dictionary";

	switch (err->code) {
	case SH_EFORMAT:
	case SH_EUNSUPPORTED:
	case SH_ELIMIT:
	case SH_ESIGNATURE:
		break;
	default:
		return (-1);
	}
	(void)snprintf(text, sizeof(text), "%.*s", (int)sizeof(text) - 1,
	    err->text);
	sh_findings_add(f, key, "%s", text);
	sh_error_clear(err);
	return (0);
}

enum sh_status
sh_findings_status(const struct sh_findings *f, const char **subp)
{
	enum sh_status worst = SH_TOTAL_PASSED;
	size_t i;

	*subp = NULL;
	for (i = 0; i < f->n; i++)
		if (f->item[i].reason->status > worst) {
			worst = f->item[i].reason->status;
			*subp = f->item[i].reason->sub;
		}
	return (worst);
}

int
sh_findings_integrity(const struct sh_findings *f)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (f->item[i].reason->breaks)
			return (0);
	return (1);
}

json_t *
sh_findings_json(const struct sh_findings *f, struct sh_error *err)
{
	json_t *array = sh_json_new_array(err), *o;
	const struct sh_reason *r;
	size_t i;

	for (i = 0; array != NULL && i < f->n; i++) {
		r = f->item[i].reason;
		o = sh_json_new_object(err);
		if (o == NULL || sh_json_set_str(o, "key", r->key, err) ||
		    sh_json_set_str(o, "vi", r->vi, err) ||
		    sh_json_set_str(o, "en", r->en, err) ||
		    (f->item[i].detail[0] != '\0' && sh_json_set_str(o,
		    "detail", f->item[i].detail, err))) {
			json_decref(o);
			json_decref(array);
			return (NULL);
		}
		if (sh_json_append(array, o, err)) {
			json_decref(array);
			return (NULL);
		}
	}
	return (array);
}
