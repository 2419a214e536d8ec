/** How formatted text appears. */
export interface StyleOptions {
  /** @default false */
  readonly color?: boolean;
  /** Columns of the terminal: longer text is wrapped. @default no limit */
  readonly width?: number;
  /** Marks where each event begins, and what belongs to it, for a page that takes leading spaces away. @default false */
  readonly marks?: boolean;
  /** Where the hidden lines can be read; stands behind their count. @default no hint */
  readonly moreHint?: string;
}

/** How much is shown of a text: its first lines, and the first columns of each. */
export interface Excerpt {
  readonly lines: number;
  readonly columns: number;
}
