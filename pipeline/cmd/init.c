/* sohoa init HOME */
#include "pipeline/cmd/command.h"

int
sh_cmd_init(struct sh_args *a, struct sh_error *err)
{
	const char *dir = a->operands[0];

	if (sh_home_create(dir, err))
		return (-1);
	if (a->json)
		return (sh_print_json(json_pack("{s:s, s:s, s:b}", "format",
		    "sohoa-init-1", "home", dir, "test_keys", 1), err));
	if (a->lang == SH_VI)
		(void)printf("Đã tạo kho lưu trữ: %s\n\n"
		    "*** KHÓA KÝ LÀ KHÓA THỬ NGHIỆM, KHÔNG CÓ GIÁ TRỊ PHÁP LÝ. "
		    "***\nTrước khi dùng thật: đặt chứng thư số của cán bộ và "
		    "cơ quan vào %s/keys\nvà sửa %s/sohoa.conf.\n"
		    "Sao lưu %s/keys ở nơi khác với kho: mất khóa là mất kho.\n",
		    dir, dir, dir, dir);
	else
		(void)printf("Archive home made: %s\n\n"
		    "*** THE SIGNING KEYS ARE TEST KEYS WITHOUT LEGAL VALUE. "
		    "***\nBefore real use: put the officer's and the agency's "
		    "certificates into %s/keys\nand change %s/sohoa.conf.\n"
		    "Back up %s/keys apart from the archive: without the key "
		    "the archive is lost.\n", dir, dir, dir, dir);
	return (EX_OK);
}
