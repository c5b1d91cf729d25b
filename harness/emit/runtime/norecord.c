
/* The programs do nothing but what the case says: what they see is not written down. */
static void record_reset(void)
{
}

static void record_take(void)
{
}

MAYBE_UNUSED static uint32_t record_runs(void)
{
	return 0;
}

MAYBE_UNUSED static void record_less(uint32_t runs)
{
	(void)runs;
}
