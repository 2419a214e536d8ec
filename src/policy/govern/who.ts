/** Whose configuration it is. */
export interface Who {
  readonly companyId: string;
  readonly agentId: string;
}
