/*
 * Work done in a child process, whose death is an answer and not the end of
 * the program: what reads files that may kill it (a damaged memory map) runs
 * there.
 */
#ifndef SH_BASE_CHILD_H
#define SH_BASE_CHILD_H

#include "base/buf.h"
#include "base/error.h"

/*
 * Run FN in a child; what it appends to its OUT comes back in OUT (whose
 * limit holds), its error in ERR.  The child ends when this process does.
 * Call it before any thread was started and while nothing is open that must
 * not be shared.
 * Errors: FN's; SH_EFIXITY "child.died" with the parameter "value", the
 * signal's name.
 */
int sh_child_run(int (*fn)(void *arg, struct sh_buf *out,
    struct sh_error *err), void *arg, struct sh_buf *out,
    struct sh_error *err) SH_MUST_CHECK;

#endif
