
/* ---- the call made by a program, through bpf_setsockopt or bpf_getsockopt (Linux 5.15) ---- */

enum { FN_setsockopt = 49, FN_getsockopt = 57, CARRIER_LEVEL = 0x4b484c50, CTX_sk = 0 };

static struct {
	int32_t ret;
	uint32_t done;
	unsigned char bytes[128];
} helper;

static int helper_map = -1;

/* Loads the program that makes the call, for the length of one setsockopt of a level that nobody has. */
static int helper_program(int is_get, int level, int optname, int len)
{
	struct bpf_insn insns[] = {
		BPF_MOV64_REG(BPF_REG_6, BPF_REG_1),
		BPF_LDX_MEM(BPF_W, BPF_REG_1, BPF_REG_6, CTX_level),
		BPF_JMP_IMM(BPF_JNE, BPF_REG_1, CARRIER_LEVEL, 14),
		BPF_LD_MAP_VALUE(BPF_REG_7, 0, 0),
		BPF_LDX_MEM(BPF_DW, BPF_REG_1, BPF_REG_6, CTX_sk),
		BPF_MOV64_IMM(BPF_REG_2, level),
		BPF_MOV64_IMM(BPF_REG_3, optname),
		BPF_MOV64_REG(BPF_REG_4, BPF_REG_7),
		BPF_ALU64_IMM(BPF_ADD, BPF_REG_4, (int)offsetof(__typeof__(helper), bytes)),
		BPF_MOV64_IMM(BPF_REG_5, len),
		BPF_EMIT_CALL(is_get ? FN_getsockopt : FN_setsockopt),
		BPF_STX_MEM(BPF_W, BPF_REG_7, BPF_REG_0, 0),
		BPF_MOV64_IMM(BPF_REG_1, 1),
		BPF_STX_MEM(BPF_W, BPF_REG_7, BPF_REG_1, 4),
		BPF_MOV64_IMM(BPF_REG_1, -1),
		BPF_STX_MEM(BPF_W, BPF_REG_6, BPF_REG_1, CTX_optlen),
		BPF_MOV64_IMM(BPF_REG_0, 1),
		BPF_EXIT_INSN(),
	};
	int recorded = record_map, prog;

	record_map = helper_map; /* load() puts it into the instructions */
	prog = load(SET, insns, N(insns));
	record_map = recorded;
	return prog;
}

/* The case's own programs run for the carrying call too: their runs, which it makes once alone, do not count.
 */
static void call_helper(int is_get, int sock, int level, int optname, void *val, int len)
{
	struct slot s = {0, SET, MULTI, -1, -1};
	uint32_t others;
	int nothing = 0;

	if (helper_map < 0)
		helper_map = make_map(sizeof(helper));
	record_reset();
	setsockopt(sock, CARRIER_LEVEL, 1, &nothing, sizeof(nothing));
	record_take();
	others = record_runs();
	memset(&helper, 0, sizeof(helper));
	memcpy(helper.bytes, val, (size_t)len);
	move_value(MAP_UPDATE, helper_map, &helper);
	s.prog = helper_program(is_get, level, optname, len);
	put(&s);
	record_reset();
	setsockopt(sock, CARRIER_LEVEL, 1, &nothing, sizeof(nothing));
	record_take();
	record_less(others);
	close(s.link);
	close(s.prog);
	move_value(MAP_LOOKUP, helper_map, &helper);
	if (!helper.done)
		cannot("the program that calls the helper did not run");
	if (is_get)
		memcpy(val, helper.bytes, (size_t)len);
	got_ret = helper.ret;
}
