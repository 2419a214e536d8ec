/** True in Paperclip's own server, which sets the variable when it listens (measured on 2026.916.1). */
export const inPaperclipServer = (env: NodeJS.ProcessEnv): boolean => Boolean(env.PAPERCLIP_LISTEN_PORT);
