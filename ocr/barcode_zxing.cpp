/* The shim around zxing: C++ and its exceptions end here. */
#define ZX_USE_UTF8
#include <ZXing/ReadBarcode.h>

#include <algorithm>
#include <cstring>

extern "C" {
#include "ocr/barcode.h"
}

namespace {

/* What the code holds: its own bytes where they are UTF-8, else as decoded. */
void
take_text(const ZXing::Result &r, struct sh_barcode_hit &hit)
{
	const ZXing::ByteArray &raw = r.bytes();
	std::string text = r.text();
	const uint8_t *from = raw.data();
	size_t len = raw.size();

	if (r.hasECI() || len == 0) {
		from = reinterpret_cast<const uint8_t *>(text.data());
		len = text.size();
	}
	hit.len = std::min(len, sizeof(hit.text));
	if (hit.len > 0)
		std::memcpy(hit.text, from, hit.len);
}

} // namespace

extern "C" int
sh_barcode_zxing(const uint8_t *grey, int width, int height, int stride,
    int harder, struct sh_barcode_hit *hits, int max)
{
	try {
		ZXing::DecodeHints hints;
		ZXing::ImageView view(grey, width, height,
		    ZXing::ImageFormat::Lum, stride);
		int n = 0;

		hints.setFormats(ZXing::BarcodeFormat::QRCode |
		    ZXing::BarcodeFormat::Code128);
		hints.setTryHarder(harder != 0);
		hints.setTryRotate(false);
		hints.setTryDownscale(false);
		hints.setMaxNumberOfSymbols(static_cast<uint8_t>(max));
		for (const ZXing::Result &r :
		    ZXing::ReadBarcodes(view, hints)) {
			if (!r.isValid() || n >= max)
				continue;
			struct sh_barcode_hit &hit = hits[n++];
			const ZXing::Position &at = r.position();

			hit.kind = r.format() == ZXing::BarcodeFormat::QRCode
			    ? SH_BARCODE_QR : SH_BARCODE_CODE128;
			hit.x0 = hit.x1 = at[0].x;
			hit.y0 = hit.y1 = at[0].y;
			for (int i = 1; i < 4; i++) {
				hit.x0 = std::min(hit.x0, at[i].x);
				hit.x1 = std::max(hit.x1, at[i].x);
				hit.y0 = std::min(hit.y0, at[i].y);
				hit.y1 = std::max(hit.y1, at[i].y);
			}
			take_text(r, hit);
		}
		return (n);
	} catch (...) {
		return (-1);
	}
}
