/*
 * Files of the tree inside the program: SH_EMBED(name, "path/from/root")
 * in a .c file defines name[] and name_size.  The bytes end with a NUL that
 * name_size does not count.  The Makefile makes every object of a folder
 * depend on that folder's data files.
 */
#ifndef SH_BASE_EMBED_H
#define SH_BASE_EMBED_H

#include <stddef.h>
#include <stdint.h>

#define SH_EMBED(name, path)						\
	__asm__(".pushsection .rodata\n.balign 8\n"			\
	    #name ":\n.incbin \"" path "\"\n" #name "_end:\n.byte 0\n"	\
	    ".balign 8\n" #name "_size: .quad " #name "_end - " #name	\
	    "\n.popsection\n");						\
	extern const char name[] __attribute__((visibility("hidden")));	\
	extern const uint64_t name##_size				\
	    __attribute__((visibility("hidden")))

#endif
