/* sohoa key: another archive key, in a file or in a token. */
#include "pipeline/cmd/command.h"

#include <stdlib.h>

#include "archive/kek.h"
#include "base/fs.h"

int
sh_cmd_key(struct sh_args *a, struct sh_error *err)
{
	struct sh_kek_token t = {
		.module = sh_args_get(a, "module"),
		.token = sh_args_get(a, "token"),
		.object = sh_args_get(a, "object"),
		.pin_file = sh_args_get(a, "pin-file"),
	};
	int wrapped = t.module != NULL;
	struct sh_home *h;
	char *keys;
	int rc = -1;

	if (wrapped != (t.token != NULL) || wrapped != (t.object != NULL) ||
	    wrapped != (t.pin_file != NULL))
		return (sh_args_usage(a, "a token wants --module, --token, "
		    "--object and --pin-file"));
	if (sh_open_home(a, SH_HOME_WRITE, &h, err))
		return (-1);
	if ((keys = sh_path_join(h->dir, "keys", err)) != NULL)
		rc = sh_archive_rotate_key(h->archive, keys, wrapped ? &t :
		    NULL, err);
	free(keys);
	sh_home_close(h);
	if (rc == 0)
		(void)printf(a->lang == SH_VI ? "Đã đổi khóa kho lưu trữ%s. "
		    "Sao lưu lại thư mục keys.\n" : "The archive has another "
		    "key%s. Back up the keys folder again.\n", !wrapped ? "" :
		    a->lang == SH_VI ? ", nằm trong thiết bị" :
		    ", wrapped by the token");
	return (rc);
}
