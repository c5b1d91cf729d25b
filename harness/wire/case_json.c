/* SPDX-License-Identifier: MIT */
#include "case_json.h"

#include <stdio.h>
#include <string.h>

static const char *const hooks[HOOK_COUNT] = {[HOOK_GET] = "get", [HOOK_SET] = "set"};
static const char *const modes[MODE_COUNT] = {
	[MODE_MULTI] = "multi", [MODE_OVERRIDE] = "override", [MODE_NONE] = "none"};
static const char *const routes[ROUTE_COUNT] = {
	[ROUTE_SOCKET] = "socket",	 [ROUTE_SOCKETPAIR] = "socketpair", [ROUTE_LISTENING] = "listening",
	[ROUTE_CONNECTED] = "connected", [ROUTE_CLOSED] = "closed",
};
static const char *const vias[VIA_COUNT] = {[VIA_SYSCALL] = "syscall",
					    [VIA_URING] = "io_uring",
					    [VIA_COMPAT] = "compat",
					    [VIA_HELPER] = "helper"};
static const char *const places[BUF_PLACE_COUNT] = {
	[BUF_PLAIN] = "plain", [BUF_READONLY] = "readonly", [BUF_EDGE] = "edge"};
static const char *const fields[FIELD_COUNT] = {
	[FIELD_LEVEL] = "level",   [FIELD_OPTNAME] = "optname", [FIELD_OPTLEN] = "optlen",
	[FIELD_RETVAL] = "retval", [FIELD_SIZE] = "size",	[FIELD_BYTE] = "byte",
};
static const char *const compares[CMP_COUNT] = {
	[CMP_EQ] = "==", [CMP_NE] = "!=", [CMP_LT] = "<", [CMP_GT] = ">"};
static const char *const ops[ACT_OP_COUNT] = {
	[ACT_IF] = "if",
	[ACT_LEVEL] = "level",
	[ACT_OPTNAME] = "optname",
	[ACT_OPTLEN] = "optlen",
	[ACT_BYTES] = "bytes",
	[ACT_RETVAL] = "retval",
	[ACT_SET_RETVAL] = "set_retval",
	[ACT_KEEP_RETVAL] = "keep_retval",
	[ACT_RETURN] = "return",
};

/* ---- a case, written ---- */

static void put_action(struct buf *out, const struct act *a)
{
	buf_printf(out, "{\"do\":\"%s\"", ops[a->op]);
	if (a->op == ACT_IF)
		buf_printf(out, ",\"field\":\"%s\",\"is\":\"%s\",\"skip\":%u", fields[a->field],
			   compares[a->cmp], a->n);
	if (a->op == ACT_BYTES)
		buf_printf(out, ",\"at\":%u,\"width\":%u", a->off, a->n);
	if (a->op == ACT_IF && a->field == FIELD_BYTE)
		buf_printf(out, ",\"at\":%u", a->off);
	if (a->op == ACT_KEEP_RETVAL)
		buf_puts(out, "}");
	else
		buf_printf(out, ",\"value\":%d}", a->val);
}

static void put_programs(struct buf *out, const struct tc_level *l, unsigned h)
{
	buf_printf(out, "\"%s\":[", hooks[h]);
	for (unsigned s = 0; s < l->n[h]; s++) {
		const struct prog *p = &l->slot[h][s].prog;

		buf_printf(out, "%s{\"mode\":\"%s\",\"actions\":[", s ? "," : "", modes[l->slot[h][s].mode]);
		for (unsigned i = 0; i < p->n; i++) {
			if (i)
				buf_puts(out, ",");
			put_action(out, &p->act[i]);
		}
		buf_printf(out, "],\"return\":%u}", p->ret);
	}
	buf_puts(out, "]");
}

static void put_buffer(struct buf *out, const struct tc_buf *b)
{
	if (b->place == BUF_NULL) {
		buf_puts(out, "null");
		return;
	}
	buf_printf(out, "{\"place\":\"%s\",\"size\":%u,\"data\":", places[b->place], b->size);
	json_put_hex(out, b->data, b->n_data);
	buf_printf(out, ",\"fill\":%u}", b->fill);
}

static void put_call(struct buf *out, const struct tc_call *c)
{
	char socket[8] = "null", optlen[16] = "null";

	if (c->sock != TC_SOCK_BAD)
		snprintf(socket, sizeof(socket), "%u", c->sock);
	if (!c->optlen_null)
		snprintf(optlen, sizeof(optlen), "%d", c->optlen);
	buf_printf(out,
		   "{\"hook\":\"%s\",\"via\":\"%s\",\"socket\":%s,\"level\":%d,\"optname\":%d,\"optlen\":%s,"
		   "\"buffer\":",
		   hooks[c->hook], vias[c->via], socket, c->level, c->optname, optlen);
	put_buffer(out, &c->buf);
	if (c->optlen_ro)
		buf_puts(out, ",\"optlen_readonly\":1");
	if (c->len_across)
		buf_puts(out, ",\"optlen_across\":1");
	if (c->len_in)
		buf_printf(out, ",\"optlen_offset\":%u", c->len_off);
	buf_puts(out, "}");
}

void case_json_put(struct buf *out, const struct tcase *tc)
{
	buf_puts(out, "{\"levels\":[");
	for (unsigned i = 0; i < tc->n_levels; i++) {
		buf_puts(out, i ? ",{" : "{");
		put_programs(out, &tc->level[i], HOOK_GET);
		buf_puts(out, ",");
		put_programs(out, &tc->level[i], HOOK_SET);
		buf_puts(out, "}");
	}
	buf_puts(out, "],\"sockets\":[");
	for (unsigned i = 0; i < tc->n_socks; i++) {
		const struct tc_sock *s = &tc->sock[i];

		buf_printf(out, "%s{\"make\":\"%s\",\"family\":%u,\"type\":%u,\"protocol\":%u,\"cgroup\":%u}",
			   i ? "," : "", routes[s->route], s->family, s->type, s->protocol, s->level);
	}
	buf_puts(out, "],\"calls\":[");
	for (unsigned i = 0; i < tc->n_calls; i++) {
		if (i)
			buf_puts(out, ",");
		put_call(out, &tc->call[i]);
	}
	buf_puts(out, "]}");
}

/* ---- a case, read ---- */

static bool get_action(const struct jin *in, struct json_object *o, struct act *a)
{
	unsigned op, field, cmp;
	int64_t n;

	memset(a, 0, sizeof(*a));
	if (!jin_word(in, o, "do", ops, ACT_OP_COUNT, &op))
		return false;
	a->op = (uint8_t)op;
	if (op == ACT_KEEP_RETVAL)
		return true;
	if (!jin_int32(in, o, "value", &a->val))
		return false;
	if (op == ACT_IF) {
		if (!jin_word(in, o, "field", fields, FIELD_COUNT, &field) ||
		    !jin_word(in, o, "is", compares, CMP_COUNT, &cmp) ||
		    !jin_int(in, o, "skip", 0, ACT_MAX, &n))
			return false;
		a->field = (uint8_t)field;
		a->cmp = (uint8_t)cmp;
		a->n = (uint8_t)n;
	}
	if (op == ACT_BYTES) {
		if (!jin_int(in, o, "width", 1, 4, &n))
			return false;
		a->n = (uint8_t)n;
	}
	if (op == ACT_BYTES || (op == ACT_IF && a->field == FIELD_BYTE)) {
		if (!jin_int(in, o, "at", 0, 65535, &n))
			return false;
		a->off = (uint32_t)n;
	}
	return true;
}

static bool get_program(const struct jin *in, struct json_object *o, struct tc_slot *slot)
{
	struct jin at = {.up = in, .key = "actions"};
	struct json_object *list;
	unsigned mode, n;
	int64_t ret;

	memset(slot, 0, sizeof(*slot));
	if (!jin_word(in, o, "mode", modes, MODE_COUNT, &mode) || !jin_int(in, o, "return", 0, 2, &ret) ||
	    !jin_array(in, o, "actions", ACT_MAX, &list, &n))
		return false;
	slot->mode = (uint8_t)mode;
	slot->prog.n = n;
	slot->prog.ret = (uint32_t)ret;
	for (unsigned i = 0; i < n; i++) {
		struct jin el = {.up = &at, .index = i};

		if (!get_action(&el, json_object_array_get_idx(list, i), &slot->prog.act[i]))
			return false;
	}
	return true;
}

static bool get_level(const struct jin *in, struct json_object *o, struct tc_level *l)
{
	struct json_object *list;
	unsigned n;

	for (unsigned h = 0; h < HOOK_COUNT; h++) {
		struct jin at = {.up = in, .key = hooks[h]};

		if (!jin_array(in, o, hooks[h], TC_MAX_SLOTS, &list, &n))
			return false;
		l->n[h] = (uint8_t)n;
		for (unsigned s = 0; s < n; s++) {
			struct jin el = {.up = &at, .index = s};

			if (!get_program(&el, json_object_array_get_idx(list, s), &l->slot[h][s]))
				return false;
		}
	}
	return true;
}

static bool get_socket(const struct jin *in, struct json_object *o, struct tc_sock *s)
{
	int64_t family, type, protocol, level;
	unsigned route;

	if (!jin_word(in, o, "make", routes, ROUTE_COUNT, &route) ||
	    !jin_int(in, o, "family", 0, UINT16_MAX, &family) ||
	    !jin_int(in, o, "type", 0, UINT16_MAX, &type) ||
	    !jin_int(in, o, "protocol", 0, UINT16_MAX, &protocol) ||
	    !jin_int(in, o, "cgroup", 0, TC_MAX_LEVELS, &level))
		return false;
	*s = (struct tc_sock){.route = (uint8_t)route,
			      .level = (uint8_t)level,
			      .family = (uint16_t)family,
			      .type = (uint16_t)type,
			      .protocol = (uint16_t)protocol};
	return true;
}

static bool get_buffer(const struct jin *in, struct json_object *o, struct tc_buf *b)
{
	struct jin at = {.up = in, .key = "buffer"};
	struct json_object *v;
	int64_t size, fill;
	unsigned place;
	size_t n;

	memset(b, 0, sizeof(*b));
	b->place = BUF_NULL;
	if (!jin_has(o, "buffer"))
		return true;
	if (!jin_object(in, o, "buffer", &v) || !jin_word(&at, v, "place", places, BUF_PLACE_COUNT, &place) ||
	    !jin_int(&at, v, "size", 0, TC_MAX_BUF, &size) || !jin_int(&at, v, "fill", 0, 255, &fill) ||
	    !jin_hex(&at, v, "data", b->data, TC_MAX_DATA, &n))
		return false;
	b->place = (uint8_t)place;
	b->size = (uint32_t)size;
	b->fill = (uint8_t)fill;
	b->n_data = (uint8_t)n;
	return true;
}

static bool get_call(const struct jin *in, struct json_object *o, struct tc_call *c)
{
	int64_t socket = TC_SOCK_BAD, readonly = 0, across = 0, offset = 0;
	unsigned hook, via = VIA_SYSCALL;

	memset(c, 0, sizeof(*c));
	if (!jin_word(in, o, "hook", hooks, HOOK_COUNT, &hook) || !jin_int32(in, o, "level", &c->level) ||
	    !jin_int32(in, o, "optname", &c->optname))
		return false;
	if (jin_has(o, "via") && !jin_word(in, o, "via", vias, VIA_COUNT, &via))
		return false;
	if (jin_has(o, "socket") && !jin_int(in, o, "socket", 0, TC_MAX_SOCKS - 1, &socket))
		return false;
	c->optlen_null = !jin_has(o, "optlen");
	if (!c->optlen_null && !jin_int32(in, o, "optlen", &c->optlen))
		return false;
	if (jin_has(o, "optlen_readonly") && !jin_int(in, o, "optlen_readonly", 0, 1, &readonly))
		return false;
	if (jin_has(o, "optlen_across") && !jin_int(in, o, "optlen_across", 0, 1, &across))
		return false;
	if (jin_has(o, "optlen_offset") && !jin_int(in, o, "optlen_offset", 0, TC_MAX_DATA - 4, &offset))
		return false;
	c->optlen_ro = readonly;
	c->len_across = across;
	c->len_in = jin_has(o, "optlen_offset");
	c->len_off = (uint8_t)offset;
	c->hook = (uint8_t)hook;
	c->via = (uint8_t)via;
	c->sock = (uint8_t)socket;
	return get_buffer(in, o, &c->buf);
}

bool case_json_get(const struct jin *in, struct json_object *o, struct tcase *tc)
{
	struct jin levels = {.up = in, .key = "levels"}, sockets = {.up = in, .key = "sockets"},
		   calls = {.up = in, .key = "calls"};
	struct json_object *level, *socket, *call;
	unsigned n_levels, n_socks, n_calls;
	const char *why;

	if (!jin_array(in, o, "levels", TC_MAX_LEVELS, &level, &n_levels) ||
	    !jin_array(in, o, "sockets", TC_MAX_SOCKS, &socket, &n_socks) ||
	    !jin_array(in, o, "calls", TC_MAX_CALLS, &call, &n_calls))
		return false;
	for (unsigned i = 0; i < n_levels; i++) {
		struct jin el = {.up = &levels, .index = i};

		if (!get_level(&el, json_object_array_get_idx(level, i), &tc->level[i]))
			return false;
	}
	for (unsigned i = 0; i < n_socks; i++) {
		struct jin el = {.up = &sockets, .index = i};

		if (!get_socket(&el, json_object_array_get_idx(socket, i), &tc->sock[i]))
			return false;
	}
	for (unsigned i = 0; i < n_calls; i++) {
		struct jin el = {.up = &calls, .index = i};

		if (!get_call(&el, json_object_array_get_idx(call, i), &tc->call[i]))
			return false;
	}
	tc->n_levels = (uint8_t)n_levels;
	tc->n_socks = (uint8_t)n_socks;
	tc->n_calls = (uint8_t)n_calls;
	why = tcase_check(tc);
	return why ? jin_refuse(in, why) : true;
}

/* ---- the call on the twin ---- */

void plan_json_put(struct buf *out, const struct tc_call *c, const struct plan *p)
{
	buf_printf(out, "{\"level\":%d,\"optname\":%d", p->level, p->optname);
	if (c->hook == HOOK_SET)
		buf_printf(out, ",\"optlen\":%d", p->optlen);
	if (p->kernel_buf) {
		buf_puts(out, ",\"bytes\":");
		json_put_hex(out, p->bytes, (size_t)p->optlen);
	}
	buf_puts(out, "}");
}

bool plan_json_get(const struct jin *in, struct json_object *o, const struct tc_call *c, struct plan *p,
		   uint8_t *bytes)
{
	struct jin at = {.up = in, .key = "bytes"};
	size_t n;

	*p = (struct plan){.called = true, .optlen = c->optlen};
	if (!jin_int32(in, o, "level", &p->level) || !jin_int32(in, o, "optname", &p->optname))
		return false;
	if (c->hook == HOOK_GET)
		return true;
	if (!jin_int32(in, o, "optlen", &p->optlen))
		return false;
	p->kernel_buf = jin_has(o, "bytes");
	if (!p->kernel_buf)
		return true;
	if (!jin_hex(in, o, "bytes", bytes, PLAN_BYTES, &n))
		return false;
	p->bytes = bytes;
	return (int64_t)n == p->optlen ? true : jin_refuse(&at, "expected as many bytes as optlen says");
}

/* ---- results ---- */

uint32_t call_memory(const struct tc_call *c, uint32_t page_size)
{
	uint32_t n = c->buf.size + TC_PAST;

	if (c->buf.place == BUF_NULL)
		return 0;
	if (c->buf.place == BUF_EDGE)
		return c->buf.size;
	if (c->hook == HOOK_GET && !c->optlen_null && c->optlen > (int32_t)n) {
		uint32_t room = (uint32_t)c->optlen < page_size ? (uint32_t)c->optlen : page_size;

		n = room > n ? room
			     : n; /* the handler believes in more room, and programs see a page of it */
	}
	return n;
}

static void put_memory(struct buf *out, const struct tc_call *c, const uint8_t *mem, uint32_t page_size)
{
	static uint8_t before[CALL_MEMORY]; /* large */
	uint32_t n = mem ? call_memory(c, page_size) : 0;

	tc_buf_image(&c->buf, before, n);
	if (!n || !memcmp(before, mem, n))
		return;
	while (before[n - 1] == mem[n - 1])
		n--;
	buf_puts(out, ",\"mem\":");
	json_put_hex(out, mem, n);
}

void handler_json_put(struct buf *out, const struct tc_call *c, const struct handler_result *hr,
		      uint32_t page_size)
{
	buf_printf(out, "\"ret\":%lld", (long long)hr->ret);
	if (c->hook == HOOK_GET && !c->optlen_null)
		buf_printf(out, ",\"optlen\":%d", hr->optlen);
	put_memory(out, c, hr->mem, page_size);
}

/* The window; a long run of one byte at its end is a number. */
static void put_window(struct buf *out, const struct hd_trace *t)
{
	uint32_t n = t->size < HD_WINDOW ? t->size : HD_WINDOW, same = n;

	while (same > 1 && t->bytes[same - 2] == t->bytes[n - 1])
		same--;
	if (n - same < 16)
		same = n;
	else
		same--;
	buf_puts(out, ",\"optval\":");
	json_put_hex(out, t->bytes, same);
	if (same < n)
		buf_printf(out, ",\"tail\":%u", t->bytes[n - 1]);
}

static void put_run(struct buf *out, const struct tc_call *c, const struct outcome *got, unsigned k)
{
	unsigned hook = got->order[k] / HD_PROGS, id = got->order[k] % HD_PROGS;
	const struct hd_trace *t = &got->trace[id];

	buf_printf(out, "%s{\"hook\":\"%s\",\"cgroup\":%u,\"slot\":%u", k ? "," : "",
		   hooks[hook % HOOK_COUNT], id / HD_SLOTS + 1, id % HD_SLOTS);
	if (hook == c->hook) {
		buf_printf(out, ",\"level\":%d,\"optname\":%d,\"optlen\":%d,\"retval\":%d,\"size\":%u",
			   t->level, t->optname, t->optlen, t->retval, t->size);
		put_window(out, t);
	}
	buf_puts(out, "}");
}

void outcome_json_put(struct buf *out, const struct tc_call *c, const struct outcome *got, uint32_t page_size)
{
	buf_printf(out, "\"ret\":%lld", (long long)got->ret);
	if (tc_call_has_len(c))
		buf_printf(out, ",\"optlen\":%d", got->optlen);
	put_memory(out, c, got->mem, page_size);
	if (got->stray)
		buf_puts(out, ",\"stray\":true");
	buf_printf(out, ",\"runs\":%u,\"programs\":[", got->runs);
	for (unsigned k = 0; k < got->runs && k < HD_ORDER; k++)
		put_run(out, c, got, k);
	buf_puts(out, "]");
}

/* The memory as it was before the call, with what the reply says of its first bytes. */
static bool get_memory(const struct jin *in, struct json_object *o, const struct tc_call *c,
		       uint32_t page_size, uint8_t *mem, const uint8_t **result)
{
	uint32_t size = call_memory(c, page_size);
	size_t n;

	*result = c->buf.place == BUF_NULL ? NULL : mem;
	if (size)
		tc_buf_image(&c->buf, mem, size);
	return !jin_has(o, "mem") || jin_hex(in, o, "mem", mem, size, &n);
}

static bool get_basics(const struct jin *in, struct json_object *o, const struct tc_call *c, bool has_len,
		       int64_t *ret, int32_t *optlen)
{
	*optlen = c->hook == HOOK_GET ? c->optlen : 0;
	if (!jin_int(in, o, "ret", INT64_MIN, INT64_MAX, ret))
		return false;
	return !has_len || jin_int32(in, o, "optlen", optlen);
}

static bool get_window(const struct jin *in, struct json_object *o, struct hd_trace *t)
{
	struct jin at = {.up = in, .key = "optval"};
	uint32_t held = t->size < HD_WINDOW ? t->size : HD_WINDOW;
	int64_t tail;
	size_t n;

	if (!jin_hex(in, o, "optval", t->bytes, held, &n))
		return false;
	if (jin_has(o, "tail")) {
		if (!jin_int(in, o, "tail", 0, 255, &tail))
			return false;
		memset(t->bytes + n, (int)tail, held - n);
		n = held;
	}
	return n == held ? true : jin_refuse(&at, "expected as many bytes as size says, at most 4096");
}

static bool get_run(const struct jin *in, struct json_object *o, const struct tc_call *c, uint8_t *id,
		    struct call_result *r)
{
	int64_t cgroup, slot, size;
	struct hd_trace *t;
	unsigned hook;

	if (!jin_word(in, o, "hook", hooks, HOOK_COUNT, &hook) ||
	    !jin_int(in, o, "cgroup", 1, HD_LEVELS, &cgroup) ||
	    !jin_int(in, o, "slot", 0, HD_SLOTS - 1, &slot))
		return false;
	*id = (uint8_t)((cgroup - 1) * HD_SLOTS + slot);
	t = &r->trace[*id];
	*id = (uint8_t)(*id + hook * HD_PROGS);
	if (hook != c->hook)
		return true;
	if (!jin_int32(in, o, "level", &t->level) || !jin_int32(in, o, "optname", &t->optname) ||
	    !jin_int32(in, o, "optlen", &t->optlen) || !jin_int32(in, o, "retval", &t->retval) ||
	    !jin_int(in, o, "size", 0, UINT32_MAX, &size))
		return false;
	t->size = (uint32_t)size;
	return get_window(in, o, t);
}

static bool get_runs(const struct jin *in, struct json_object *o, const struct tc_call *c,
		     struct call_result *r)
{
	struct jin at = {.up = in, .key = "programs"};
	struct json_object *list;
	int64_t runs;
	unsigned n;

	if (!jin_int(in, o, "runs", 0, UINT32_MAX, &runs) ||
	    !jin_array(in, o, "programs", HD_ORDER, &list, &n))
		return false;
	r->got.runs = (uint32_t)runs;
	r->got.order = r->order;
	r->got.trace = r->trace;
	if (n != (runs < HD_ORDER ? runs : HD_ORDER))
		return jin_refuse(&at, "expected as many programs as runs says, at most 64");
	for (unsigned k = 0; k < n; k++) {
		struct jin el = {.up = &at, .index = k};

		if (!get_run(&el, json_object_array_get_idx(list, k), c, &r->order[k], r))
			return false;
	}
	return true;
}

bool result_json_get(const struct jin *in, struct json_object *o, const struct tc_call *c, bool handler,
		     uint32_t page_size, struct call_result *r)
{
	struct jin at = {.up = in, .key = "handler"};
	struct json_object *h;

	r->has_handler = handler;
	if (handler &&
	    (!jin_object(in, o, "handler", &h) ||
	     !get_basics(&at, h, c, c->hook == HOOK_GET && !c->optlen_null, &r->hr.ret, &r->hr.optlen) ||
	     !get_memory(&at, h, c, page_size, r->twin, &r->hr.mem)))
		return false;
	return get_basics(in, o, c, tc_call_has_len(c), &r->got.ret, &r->got.optlen) &&
	       get_memory(in, o, c, page_size, r->hooked, &r->got.mem) &&
	       jin_bool(in, o, "stray", &r->got.stray) && get_runs(in, o, c, r);
}
