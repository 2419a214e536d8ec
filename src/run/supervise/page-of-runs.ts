/** How long the list of a company's runs is to be, for the Jobs of one place. */

/** What the last page has shown. */
export interface PageOfRuns {
  /** Runs on it. */
  readonly size: number;
  /** Living runs of Jobs that were not on it. */
  readonly missed: number;
  /** The place on it of the oldest living run of a Job, from 1; 0: there was none. */
  readonly reach: number;
}

/**
 * Others of the company may be newer than those with a Job. Paperclip gives 1000 at most. A page of twice that many is cheaper
 * than the records of every eighth: a run is about 1.2 KB on a page, and 8 KB by itself (measured).
 */
const PAGE = { least: 50, perJob: 2, most: 1000, isShortFrom: 1 / 8 };

/** Doubled where too many are missed; halved where that shows as much, and would not be doubled again. */
export function nextPageSize(last: PageOfRuns | undefined, jobs: number): number {
  const { least, perJob, most } = PAGE;
  return Math.min(most, Math.max(least, perJob * jobs, last ? fitting(last) : 0));
}

function fitting({ size, missed, reach }: PageOfRuns): number {
  const isShort = (length: number): boolean => missed > length * PAGE.isShortFrom;
  if (isShort(size)) return 2 * size;
  const half = Math.floor(size / 2);
  return reach <= half && !isShort(half) ? half : size;
}
