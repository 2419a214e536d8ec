/** Which agent a command is about: one of Paperclip's, or a configuration in a file. */
export const agentOptions = {
  agent: { type: "string" },
  config: { type: "string" },
  policy: { type: "string" },
  "api-url": { type: "string" },
  token: { type: "string" },
} as const;

export interface AgentValues {
  readonly agent?: string | undefined;
  readonly config?: string | undefined;
  readonly "api-url"?: string | undefined;
  readonly token?: string | undefined;
}
