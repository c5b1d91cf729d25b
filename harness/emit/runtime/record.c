
/* ---- what programs saw, written down by themselves ---- */

struct seen {
	int32_t level, optname, optlen, retval;
	uint32_t size, pad;
	unsigned char bytes[SEEN_BYTES];
};

static struct {
	uint32_t runs, pad;
	unsigned char order[SEEN_ORDER];
	struct seen seen[SEEN_PROGS];
} record;

static void record_open(void)
{
	record_map = make_map(sizeof(record));
}

static void record_reset(void)
{
	memset(&record, 0, sizeof(record));
	move_value(MAP_UPDATE, record_map, &record);
}

static void record_take(void)
{
	move_value(MAP_LOOKUP, record_map, &record);
}

MAYBE_UNUSED static uint32_t record_runs(void)
{
	return record.runs;
}

MAYBE_UNUSED static void record_less(uint32_t runs)
{
	record.runs -= runs;
}

MAYBE_UNUSED static void check_runs(uint32_t want, int or_more)
{
	printf("  programs that ran: want %u%s, got %u", want, or_more ? " or more" : "", record.runs);
	differ_if(or_more ? record.runs < want : record.runs != want);
}

enum { ANY_OPTLEN = 1, ANY_SIZE = 2, ANY_RETVAL = 4, ANY_ARGS = 8 };

static void check_field(const char *name, int any, int64_t want, int64_t got)
{
	if (any)
		return;
	printf("    %-8s want %-12lld got %lld", name, (long long)want, (long long)got);
	differ_if(want != got);
}

/* The k-th program to run must be `program`, and must have seen this. bytes: the first n, any[i]: not
 * compared. */
MAYBE_UNUSED static void check_seen(unsigned k, unsigned program, int any, const struct seen *want,
				    const char *bytes, const char *excused, size_t n)
{
	const struct seen *got = &record.seen[program];
	size_t off = 0;

	if (k >= record.runs || k >= SEEN_ORDER) {
		printf("  program %u to run: want %s, got none", k + 1, program_names[program]);
		differ_if(1);
		return;
	}
	printf("  program %u to run: want %s, got %s", k + 1, program_names[program],
	       record.order[k] < SEEN_PROGS ? program_names[record.order[k]] : "?");
	differ_if(record.order[k] != program);
	check_field("level", any & ANY_ARGS, want->level, got->level);
	check_field("optname", any & ANY_ARGS, want->optname, got->optname);
	check_field("optlen", any & ANY_OPTLEN, want->optlen, got->optlen);
	check_field("retval", any & ANY_RETVAL, want->retval, got->retval);
	check_field("size", any & ANY_SIZE, want->size, got->size);
	if (n > got->size)
		n = got->size;
	while (off < n && ((excused && excused[off]) || (unsigned char)bytes[off] == got->bytes[off]))
		off++;
	show("    optval   want", (const unsigned char *)bytes, (const unsigned char *)excused,
	     n < 16 ? n : 16);
	show("\n             got ", got->bytes, NULL, n < 16 ? n : 16);
	if (off < n)
		printf("  (byte %zu: want %02x, got %02x)", off, (unsigned char)bytes[off], got->bytes[off]);
	differ_if(off < n);
}
