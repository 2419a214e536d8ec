/** A scripted stand-in for the model: Claude Code talks to it as to the Anthropic API. */
export type { Conversation } from "./conversation.ts";
export { refusals } from "./errors.ts";
export type { Script } from "./script.ts";
export { type ScriptedModel, startScriptedModel } from "./server.ts";
export { attempts, bash, filler, hangUp, say, stall, type Turn, text, thinking, toolUse } from "./turn.ts";
