import { AgentFacts } from "./agent-facts.ts";
import { AgentLines } from "./agent-lines.ts";
import { type Json, parseObject } from "./json-line.ts";
import { TurnState } from "./turn-state.ts";

const OPENING_BRACE = 0x7b;

/** The longest line that is looked into for the agent's session and result. */
const MAX_PARSED_LINE = 4 * 1024 * 1024;

/** Looks into the agent's stdout: what it says of itself, and where it is in its turn. */
export class EventReader {
  readonly facts = new AgentFacts();
  turn = new TurnState();
  readonly #lines: AgentLines;

  constructor(onNewFact: () => void = () => {}) {
    this.#lines = new AgentLines(MAX_PARSED_LINE, (line) => {
      // Any other line is no event; millions of them must cost next to nothing.
      if (line[0] !== OPENING_BRACE) return;
      let parsed: Json | null | undefined;
      const parse = (): Json | null => {
        if (parsed === undefined) parsed = parseObject(line);
        return parsed;
      };
      this.turn.see(line, parse);
      if (this.facts.see(line, parse)) onNewFact();
    });
  }

  push(chunk: Buffer): void {
    this.#lines.push(chunk);
  }

  /** Ends an unfinished line. */
  end(): void {
    this.#lines.end();
  }

  nextProcess(): void {
    this.#lines.end();
    this.facts.nextProcess();
    this.turn = new TurnState();
  }
}
