/* Every element of any bytes, under both rules; what is DER is BER too. */
#include <stdlib.h>

#include "signing/der.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* How many elements stand in D and below; -1 if one is not well formed. */
static long
walk(struct sh_der *d, struct sh_error *err)
{
	struct sh_der_element e;
	struct sh_der inner;
	struct sh_buf octets = SH_BUF_INIT;
	const uint8_t *p;
	size_t len;
	uint64_t v;
	int64_t t;
	long n = 0, below;

	while (!sh_der_done(d)) {
		if (sh_der_next(d, &e, err))
			return (-1);
		n++;
		if (sh_der_uint(&e, UINT64_MAX, &v, err) ||
		    sh_der_time(&e, &t, err) ||
		    sh_der_octets(&e, &octets, &p, &len, err))
			sh_error_clear(err);
		sh_buf_free(&octets);
		if ((e.tag & 0x20) == 0)
			continue;
		if (sh_der_enter(&e, &inner, err) ||
		    (below = walk(&inner, err)) < 0)
			return (-1);
		n += below;
	}
	return (n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_der d;
	long der, ber;

	sh_der_init(&d, data, len, SH_DER);
	der = walk(&d, &err);
	sh_error_clear(&err);
	sh_der_init(&d, data, len, SH_BER);
	ber = walk(&d, &err);
	if (der >= 0 && ber != der)
		abort();
	return (0);
}
