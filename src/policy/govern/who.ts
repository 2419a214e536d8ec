/** Whose configuration it is. */
export interface Who {
  readonly companyId: string;
  /** Null: it is not known, as in the environment test, whose page has a configuration and no agent. */
  readonly agentId: string | null;
}
