#include "pipeline/worker/protocol.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int
sh_worker_send(json_t *v, const int *fds, size_t nfds, struct sh_error *err)
{
	struct sh_buf b = { .limit = SH_MESSAGE_MAX };
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(SH_MESSAGE_FDS * sizeof(int))];
	} control;
	struct msghdr m;
	struct iovec iov;
	int rc = -1;

	if (sh_json_print(v, 0, &b, err))
		goto out;
	memset(&m, 0, sizeof(m));
	iov.iov_base = b.data;
	iov.iov_len = b.len;
	m.msg_iov = &iov;
	m.msg_iovlen = 1;
	if (nfds > 0) {
		memset(&control, 0, sizeof(control));
		m.msg_control = &control;
		m.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(nfds * sizeof(int));
		memcpy(CMSG_DATA(&control.head), fds, nfds * sizeof(int));
	}
	while (sendmsg(SH_WORKER_CONTROL, &m, MSG_NOSIGNAL) < 0)
		if (errno != EINTR) {
			(void)sh_error_sys(err, "worker.protocol", "send");
			goto out;
		}
	rc = 0;
out:
	sh_buf_free(&b);
	json_decref(v);
	return (rc);
}

int
sh_worker_receive(json_t **vp, int *fds, size_t nfds, struct sh_error *err)
{
	char text[SH_MESSAGE_MAX];
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(SH_MESSAGE_FDS * sizeof(int))];
	} control;
	struct iovec iov = { text, sizeof(text) };
	struct msghdr m;
	ssize_t n;

	*vp = NULL;
	memset(&m, 0, sizeof(m));
	m.msg_iov = &iov;
	m.msg_iovlen = 1;
	m.msg_control = &control;
	m.msg_controllen = sizeof(control);
	while ((n = recvmsg(SH_WORKER_CONTROL, &m, MSG_CMSG_CLOEXEC)) < 0)
		if (errno != EINTR)
			return (sh_error_sys(err, "worker.protocol",
			    "receive"));
	if (n == 0)
		return (0);
	if (nfds > 0) {
		if (m.msg_controllen < sizeof(control.head) ||
		    control.head.cmsg_type != SCM_RIGHTS ||
		    control.head.cmsg_len != CMSG_LEN(nfds * sizeof(int)))
			return (sh_error_set(err, SH_EFORMAT,
			    "worker.protocol", "message without its files"));
		memcpy(fds, CMSG_DATA(&control.head), nfds * sizeof(int));
	}
	*vp = sh_json_parse(text, (size_t)n, SH_MESSAGE_MAX, err);
	return (*vp != NULL ? 1 : -1);
}

/* The error as an object; NULL with err set. */
static json_t *
error_to_json(const struct sh_error *e, struct sh_error *err)
{
	json_t *v, *params;
	unsigned i;

	if ((v = sh_json_new_object(err)) == NULL)
		return (NULL);
	if (sh_json_set_str(v, "code", sh_code_word(e->code), err) ||
	    sh_json_set_str(v, "key", e->key, err) ||
	    sh_json_set_int(v, "sys", e->sys, err) ||
	    sh_json_set(v, "params", sh_json_new_object(err), err))
		goto fail;
	/* A library's words may be no UTF-8: then they are left out. */
	if (json_object_set_new(v, "text", json_string(e->text)) != 0 &&
	    sh_json_set_str(v, "text", e->key, err))
		goto fail;
	params = json_object_get(v, "params");
	for (i = 0; i < e->nparam; i++)
		(void)json_object_set_new(params, e->param[i].name,
		    json_string(e->param[i].value));
	return (v);
fail:
	json_decref(v);
	return (NULL);
}

int
sh_worker_send_error(json_t *with, const struct sh_error *e,
    struct sh_error *err)
{
	if (with == NULL && (with = sh_json_new_object(err)) == NULL)
		return (-1);
	if (sh_json_set(with, "error", error_to_json(e, err), err)) {
		json_decref(with);
		return (-1);
	}
	return (sh_worker_send(with, NULL, 0, err));
}

int
sh_worker_fail(const struct sh_error *why)
{
	struct sh_error err = SH_ERROR_INIT;

	return (sh_worker_send_error(NULL, why, &err) == 0 ?
	    SH_RASTER_NO_SANDBOX : 70);
}
