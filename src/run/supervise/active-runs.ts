/** The runs that this process executes: their Jobs are looked after. Run ids. */
export const activeRuns = new Set<string>();
