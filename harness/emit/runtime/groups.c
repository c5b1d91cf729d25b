
#include <grp.h>

/* So many groups that SO_PEERGROUPS answers with more than a page. */
static void many_groups(void)
{
	gid_t gids[1100];

	for (unsigned i = 0; i < N(gids); i++)
		gids[i] = 100000 + i;
	if (setgroups(N(gids), gids))
		cannot("setgroups");
}
