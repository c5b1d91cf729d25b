
/* The programs do nothing but what the case says: what they see is not written down. */
static void record_reset(void)
{
}

static void record_take(void)
{
}
