/* SPDX-License-Identifier: MIT */
#include "tcase.h"

#include <string.h>

void tcase_init(struct tcase *tc)
{
	memset(tc, 0, sizeof(*tc));
	tc->n_levels = 1;
}

const char *prog_check(const struct prog *p, enum hook hook)
{
	uint32_t end[ACT_MAX + 1]; /* where the open blocks end, innermost last */
	unsigned depth = 0;

	if (p->n > ACT_MAX)
		return "a program of more than 16 actions";
	if (p->ret > 2)
		return "a program that returns neither 0, 1 nor 2";
	end[0] = p->n;
	for (uint32_t i = 0; i < p->n; i++) {
		const struct act *a = &p->act[i];

		while (depth && end[depth] <= i)
			depth--;
		switch ((enum act_op)a->op) {
		case ACT_IF:
			if (a->field >= FIELD_COUNT)
				return "a condition on an unknown field";
			if (a->cmp >= CMP_COUNT)
				return "a condition with an unknown comparison";
			if (a->field == FIELD_BYTE && a->off > 65535)
				return "a condition on a byte beyond optval[65535]";
			if (a->field == FIELD_BYTE && (a->val < 0 || a->val > 255))
				return "a condition that compares a byte with a value outside 0..255";
			if (i + 1 + a->n > end[depth])
				return "an if whose block ends outside of the block around it";
			end[++depth] = i + 1 + a->n;
			break;
		case ACT_LEVEL:
			if (hook != HOOK_SET)
				return "a getsockopt program that writes level";
			break;
		case ACT_OPTNAME:
			if (hook != HOOK_SET)
				return "a getsockopt program that writes optname";
			break;
		case ACT_RETVAL:
			if (hook != HOOK_GET)
				return "a setsockopt program that writes retval through the context";
			break;
		case ACT_BYTES:
			if (a->n != 1 && a->n != 2 && a->n != 4)
				return "a write to optval that is not 1, 2 or 4 bytes wide";
			if (a->off > 65535)
				return "a write beyond optval[65535]";
			if (a->n < 4 && (a->val < 0 || a->val >> 8 * a->n))
				return "a write to optval of a value that is wider than the write";
			break;
		case ACT_RETURN:
			if (a->val < 0 || a->val > 2)
				return "a return of neither 0, 1 nor 2";
			break;
		case ACT_OPTLEN:
		case ACT_SET_RETVAL:
		case ACT_KEEP_RETVAL:
			break;
		case ACT_NONE:
		case ACT_OP_COUNT:
		default:
			return "an unknown action";
		}
	}
	return NULL;
}

bool prog_returns_2(const struct prog *p)
{
	bool two = p->ret == 2;

	for (unsigned i = 0; i < p->n; i++)
		two |= (p->act[i].op == ACT_RETURN) & (p->act[i].val == 2);
	return two;
}

bool tcase_returns_2(const struct tcase *tc)
{
	for (unsigned l = 0; l < tc->n_levels; l++)
		for (unsigned h = 0; h < HOOK_COUNT; h++)
			for (unsigned s = 0; s < tc->level[l].n[h]; s++)
				if (prog_returns_2(&tc->level[l].slot[h][s].prog))
					return true;
	return false;
}

/*
 * May programs be attached to level i, when those above are attached already?
 * kernel/bpf/cgroup.c hierarchy_allows_attach(): walking up from the parent, the first ancestor whose flags
 * hold BPF_F_ALLOW_MULTI allows; otherwise the first one that holds a program decides: BPF_F_ALLOW_OVERRIDE
 * allows, no flag does not. A cgroup without programs has no flags (they are cleared with the last program).
 */
static bool hierarchy_allows(const struct tcase *tc, unsigned i, enum hook hook)
{
	while (i-- > 0) {
		const struct tc_level *p = &tc->level[i];

		if (!p->n[hook])
			continue;
		if (p->slot[hook][0].mode == MODE_MULTI)
			return true;
		return p->slot[hook][0].mode == MODE_OVERRIDE;
	}
	return true;
}

static const char *check_level(const struct tcase *tc, unsigned i, enum hook hook)
{
	const struct tc_level *l = &tc->level[i];
	const char *why;

	if (l->n[hook] > TC_MAX_SLOTS)
		return "more than 4 programs of one hook in one cgroup";
	for (unsigned s = 0; s < l->n[hook]; s++) {
		if (l->slot[hook][s].mode >= MODE_COUNT)
			return "a program with an unknown attach mode";
		if (l->slot[hook][s].mode != l->slot[hook][0].mode)
			return "programs of one hook and cgroup with different attach modes";
		why = prog_check(&l->slot[hook][s].prog, hook);
		if (why)
			return why;
	}
	if (l->n[hook] > 1 && l->slot[hook][0].mode != MODE_MULTI)
		return "several programs of one hook in a cgroup whose attach mode is not multi";
	if (l->n[hook] && !hierarchy_allows(tc, i, hook))
		return "a program below a cgroup whose attach mode is none";
	return NULL;
}

/* Do the buffer's own bytes say the same as optlen? */
static bool len_is_in(const struct tc_call *c)
{
	const struct tc_buf *b = &c->buf;
	uint8_t word[4];

	tc_put_word(word, c->optlen);
	return (b->place == BUF_PLAIN || b->place == BUF_EDGE) && c->sock != TC_SOCK_BAD &&
	       c->len_off + 4u <= b->n_data && !memcmp(b->data + c->len_off, word, sizeof(word));
}

bool tc_meanwhile_fits(const struct tc_call *c)
{
	if (c->via != VIA_SYSCALL || c->sock == TC_SOCK_BAD || c->buf.place != BUF_PLAIN || !c->buf.size ||
	    c->buf.size > TC_MAX_DATA || c->optlen < 0 || (uint32_t)c->optlen > c->buf.size ||
	    c->optlen_null || c->optlen_ro || c->len_across || c->len_in)
		return false;
	return c->meanwhile == MEANWHILE_DETACH || c->hook == HOOK_GET;
}

void tc_len_settle(struct tc_call *c)
{
	struct tc_buf *b = &c->buf;

	if (c->meanwhile && !tc_meanwhile_fits(c))
		c->meanwhile = MEANWHILE_NOTHING;
	if (!c->len_in)
		return;
	c->len_in = c->hook == HOOK_GET && tc_via_has_pointer(c->via) && !c->optlen_null && !c->optlen_ro &&
		    c->sock != TC_SOCK_BAD && (b->place == BUF_PLAIN || b->place == BUF_EDGE) &&
		    c->len_off <= TC_MAX_DATA - 4 && c->len_off + 4u <= b->size;
	if (!c->len_in)
		return;
	c->len_across = false;
	while (b->n_data < c->len_off + 4u)
		b->data[b->n_data++] = b->fill;
	tc_put_word(b->data + c->len_off, c->optlen);
}

const char *tc_call_check(const struct tc_call *c, unsigned n_socks)
{
	const struct tc_buf *b = &c->buf;
	const struct tc_expect *e = &c->expect;

	if (c->hook >= HOOK_COUNT)
		return "a call that is neither getsockopt nor setsockopt";
	if (c->sock >= n_socks && c->sock != TC_SOCK_BAD)
		return "a call on a socket that does not exist";
	if (c->via >= VIA_COUNT)
		return "a call that enters the kernel in an unknown way";
	if (c->optlen_null && c->hook != HOOK_GET)
		return "a setsockopt whose optlen is a pointer";
	if (c->optlen_ro && (c->hook != HOOK_GET || c->optlen_null || !tc_via_has_pointer(c->via)))
		return "a read-only optlen where there is no pointer to it";
	if ((c->len_across || c->len_in) && (c->hook != HOOK_GET || !tc_via_has_pointer(c->via)))
		return "an optlen across a page's end or in the buffer where there is no pointer to it";
	if (c->len_in && (c->len_across || c->optlen_null || c->optlen_ro || !len_is_in(c)))
		return "an optlen in the buffer that the buffer's spelled-out bytes do not hold";
	if (c->meanwhile >= MEANWHILE_COUNT || (c->meanwhile && !tc_meanwhile_fits(c)))
		return "another thread's doing where the call leaves no room for it";
	if (c->optlen_null && !tc_via_has_pointer(c->via))
		return "a call through io_uring or a helper whose optlen is a pointer";
	if (b->place >= BUF_PLACE_COUNT)
		return "a buffer in an unknown place";
	if (b->size > TC_MAX_BUF)
		return "a buffer of more than 131072 bytes";
	if (b->n_data > TC_MAX_DATA)
		return "a buffer with more than 128 bytes spelled out";
	if (b->n_data > b->size)
		return "a buffer with more bytes spelled out than it has";
	if (b->place == BUF_NULL && b->size)
		return "a NULL buffer with bytes in it";
	if (e->has_optlen && !tc_call_has_len(c))
		return "an expected optlen where there is no optlen to read back";
	if (e->n_bytes > TC_MAX_DATA)
		return "more than 128 expected bytes";
	if (e->n_bytes > b->size)
		return "more expected bytes than the buffer has";
	return NULL;
}

const char *tcase_check(const struct tcase *tc)
{
	const char *why;

	if (tc->n_levels < 1 || tc->n_levels > TC_MAX_LEVELS)
		return "a case with less than 1 or more than 8 cgroups";
	if (tc->n_socks > TC_MAX_SOCKS)
		return "a case with more than 4 sockets";
	if (tc->n_calls > TC_MAX_CALLS)
		return "a case with more than 16 calls";
	for (unsigned i = 0; i < tc->n_levels; i++) {
		for (unsigned h = 0; h < HOOK_COUNT; h++) {
			why = check_level(tc, i, (enum hook)h);
			if (why)
				return why;
		}
	}
	for (unsigned i = 0; i < tc->n_socks; i++) {
		if (tc->sock[i].route >= ROUTE_COUNT)
			return "a socket that is made in an unknown way";
		if (tc->sock[i].level > tc->n_levels)
			return "a socket in a cgroup that does not exist";
	}
	for (unsigned i = 0; i < tc->n_calls; i++) {
		why = tc_call_check(&tc->call[i], tc->n_socks);
		if (why)
			return why;
	}
	return NULL;
}

bool act_equal(const struct act *a, const struct act *b)
{
	if (a->op != b->op)
		return false;
	switch ((enum act_op)a->op) {
	case ACT_IF:
		return a->field == b->field && a->cmp == b->cmp && a->n == b->n && a->val == b->val &&
		       (a->field != FIELD_BYTE || a->off == b->off);
	case ACT_BYTES:
		return a->n == b->n && a->off == b->off && a->val == b->val;
	case ACT_KEEP_RETVAL:
		return true;
	case ACT_LEVEL:
	case ACT_OPTNAME:
	case ACT_OPTLEN:
	case ACT_RETVAL:
	case ACT_SET_RETVAL:
	case ACT_RETURN:
	case ACT_NONE:
	case ACT_OP_COUNT:
		break;
	}
	return a->val == b->val;
}

bool prog_equal(const struct prog *a, const struct prog *b)
{
	if (a->n != b->n || a->ret != b->ret)
		return false;
	for (uint32_t i = 0; i < a->n && i < ACT_MAX; i++)
		if (!act_equal(&a->act[i], &b->act[i]))
			return false;
	return true;
}

static bool level_equal(const struct tc_level *a, const struct tc_level *b)
{
	for (unsigned h = 0; h < HOOK_COUNT; h++) {
		if (a->n[h] != b->n[h])
			return false;
		for (unsigned s = 0; s < a->n[h] && s < TC_MAX_SLOTS; s++)
			if (a->slot[h][s].mode != b->slot[h][s].mode ||
			    !prog_equal(&a->slot[h][s].prog, &b->slot[h][s].prog))
				return false;
	}
	return true;
}

bool tc_call_equal(const struct tc_call *a, const struct tc_call *b)
{
	const struct tc_expect *x = &a->expect, *y = &b->expect;

	if (a->via != b->via || a->hook != b->hook || a->sock != b->sock ||
	    a->optlen_null != b->optlen_null || a->optlen_ro != b->optlen_ro ||
	    a->len_across != b->len_across || a->len_in != b->len_in ||
	    (a->len_in && a->len_off != b->len_off) || a->meanwhile != b->meanwhile ||
	    ((a->meanwhile == MEANWHILE_RACING || a->meanwhile == MEANWHILE_HELD) &&
	     a->len_next != b->len_next) ||
	    a->level != b->level || a->optname != b->optname || (!a->optlen_null && a->optlen != b->optlen))
		return false;
	if (a->buf.place != b->buf.place || a->buf.size != b->buf.size || a->buf.n_data != b->buf.n_data ||
	    memcmp(a->buf.data, b->buf.data, a->buf.n_data) ||
	    (a->buf.n_data < a->buf.size && a->buf.fill != b->buf.fill))
		return false;
	return x->has_ret == y->has_ret && x->has_optlen == y->has_optlen && x->n_bytes == y->n_bytes &&
	       (!x->has_ret || x->ret == y->ret) && (!x->has_optlen || x->optlen == y->optlen) &&
	       !memcmp(x->bytes, y->bytes, x->n_bytes);
}

bool tcase_equal(const struct tcase *a, const struct tcase *b)
{
	if (a->n_levels != b->n_levels || a->n_socks != b->n_socks || a->n_calls != b->n_calls)
		return false;
	for (unsigned i = 0; i < a->n_levels; i++)
		if (!level_equal(&a->level[i], &b->level[i]))
			return false;
	for (unsigned i = 0; i < a->n_socks; i++) {
		const struct tc_sock *s = &a->sock[i], *t = &b->sock[i];

		if (s->route != t->route || s->level != t->level || s->family != t->family ||
		    s->type != t->type || s->protocol != t->protocol)
			return false;
	}
	for (unsigned i = 0; i < a->n_calls; i++)
		if (!tc_call_equal(&a->call[i], &b->call[i]))
			return false;
	return true;
}

/* clang-format off */
#define C1(o)	(uint8_t)((o) * ((o) * 3 + 7) + 0x31)
#define C4(o)	C1(o), C1(o + 1), C1(o + 2), C1(o + 3)
#define C16(o)	C4(o), C4(o + 4), C4(o + 8), C4(o + 12)
#define C64(o)	C16(o), C16(o + 16), C16(o + 32), C16(o + 48)
/* tc_canary(0..255); its square repeats every 256 bytes. */
const uint8_t tc_canaries[256] = { C64(0), C64(64), C64(128), C64(192) };
const uint8_t tc_mask[32] = { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 };
/* clang-format on */

void tc_buf_image(const struct tc_buf *b, uint8_t *out, uint32_t n)
{
	uint32_t data = b->n_data < n ? b->n_data : n;
	uint32_t fill = b->size < n ? b->size : n;

	memcpy(out, b->data, data);
	if (fill > data)
		memset(out + data, b->fill, fill - data);
	/* tc_canary() of every offset from `fill` to n, a run of up to 256 at a time */
	for (uint32_t off = fill, run; off < n; off += run) {
		uint8_t add = (uint8_t)((off >> 8) * 13);

		run = 256 - (off & 255);
		if (run > n - off)
			run = n - off;
		memcpy(out + off, tc_canaries + (off & 255), run);
		for (uint32_t i = 0; add && i < run; i++)
			out[off + i] = (uint8_t)(out[off + i] + add);
	}
}

unsigned tcase_effective(const struct tcase *tc, unsigned level, enum hook hook, uint8_t ids[TC_MAX_PROGS])
{
	unsigned cnt = 0;

	while (level-- > 0) {
		const struct tc_level *p = &tc->level[level];
		unsigned n = p->n[hook];

		if (!n || (cnt && p->slot[hook][0].mode != MODE_MULTI))
			continue;
		for (unsigned s = 0; s < n; s++)
			ids[cnt++] = (uint8_t)(level * TC_MAX_SLOTS + s);
	}
	return cnt;
}

uint32_t tc_buf_reach(const struct tc_buf *b, bool write)
{
	switch ((enum buf_place)b->place) {
	case BUF_PLAIN:
		return b->size + TC_PAST;
	case BUF_READONLY:
		return write ? 0 : b->size + TC_PAST;
	case BUF_EDGE:
		return b->size;
	case BUF_NULL:
	case BUF_PLACE_COUNT:
		break;
	}
	return 0;
}
