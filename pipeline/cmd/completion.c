/* sohoa completion bash: made from the table, so it cannot be out of date. */
#include "pipeline/cmd/command.h"

#include <string.h>

int
sh_cmd_completion(struct sh_args *a, struct sh_error *err)
{
	const struct sh_command *c;
	const struct sh_option *o;

	(void)err;
	if (strcmp(a->operands[0], "bash") != 0)
		return (sh_args_usage(a, "only bash"));
	(void)puts("_sohoa() {\n"
	    "	local cur=${COMP_WORDS[COMP_CWORD]} cmd=${COMP_WORDS[1]}\n"
	    "	COMPREPLY=()\n"
	    "	if [ \"$COMP_CWORD\" = 1 ]; then");
	(void)fputs("		COMPREPLY=($(compgen -W '", stdout);
	for (c = sh_commands; c->name != NULL; c++)
		(void)printf("%s ", c->name);
	(void)puts("--help --version' -- \"$cur\"))\n"
	    "		return\n"
	    "	fi\n"
	    "	case $cur in -*) ;; *)\n"
	    "		COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n"
	    "	esac\n"
	    "	case $cmd in");
	for (c = sh_commands; c->name != NULL; c++) {
		(void)printf("	%s) COMPREPLY=($(compgen -W '", c->name);
		for (o = c->options; o->name != NULL; o++)
			(void)printf("--%s ", o->name);
		(void)puts("--help' -- \"$cur\")) ;;");
	}
	(void)puts("	esac\n"
	    "}\n"
	    "complete -o filenames -F _sohoa sohoa");
	return (EX_OK);
}
