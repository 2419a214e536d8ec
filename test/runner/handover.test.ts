import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AgentEnd } from "../../src/runner/agent.ts";
import { type Channel, HandoverReader, jsonMessage, outputHead } from "../../src/runner/handover.ts";

interface Heard {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly note: Buffer;
  readonly words: readonly unknown[];
  readonly ok: boolean;
}

/** What a reader hears of these bytes, cut into chunks of those lengths. */
function hear(bytes: Buffer, cuts: readonly number[] = []): Heard {
  const output: Record<Channel, Buffer[]> = { stdout: [], stderr: [], note: [] };
  const words: unknown[] = [];
  const reader = new HandoverReader({
    // Valid during the call only.
    output: (channel, part) => output[channel].push(Buffer.from(part)),
    freshSession: (fresh) => words.push(fresh),
    end: (end) => words.push(end),
    workspace: (left) => words.push(left),
  });
  let ok = true;
  let at = 0;
  for (const length of [...cuts, bytes.length]) {
    if (!ok) break;
    const chunk = Buffer.from(bytes.subarray(at, at + length));
    at += chunk.length;
    ok = reader.push(chunk);
  }
  const of = (channel: Channel): Buffer => Buffer.concat(output[channel]);
  return { stdout: of("stdout"), stderr: of("stderr"), note: of("note"), words, ok };
}

const output = (channel: Channel, text: Buffer): Buffer => Buffer.concat([outputHead(channel, text), text]);
const END: AgentEnd = { ending: "silent", exitCode: null, signal: "SIGTERM", silence: { sec: 5, tool: "Bash" } };
const FRESH = { insteadOf: "old", why: "gone" };
const LEFT = { branch: "main", volatile: true, commit: "abc", uncommitted: 2, unpushed: 1, notSaved: "no login" };

describe("what the agent's half hands over", () => {
  it("arrives as it was sent, however it is cut", () => {
    const piece = fc.tuple(fc.constantFrom<Channel>("stdout", "stderr", "note"), fc.uint8Array({ maxLength: 40 }));
    fc.assert(
      fc.property(fc.array(piece), fc.array(fc.integer({ min: 1, max: 30 })), (pieces, cuts) => {
        const messages = pieces.map(([channel, bytes]) => output(channel, Buffer.from(bytes)));
        const heard = hear(
          Buffer.concat([
            ...messages,
            jsonMessage("fresh", FRESH),
            ...messages,
            jsonMessage("end", END),
            jsonMessage("workspace", LEFT),
          ]),
          cuts,
        );
        const sent = (channel: Channel): Buffer =>
          Buffer.concat([...pieces, ...pieces].filter(([of]) => of === channel).map(([, bytes]) => bytes));
        const words = [FRESH, END, LEFT];
        expect(heard).toEqual({ stdout: sent("stdout"), stderr: sent("stderr"), note: sent("note"), words, ok: true });
      }),
    );
  });

  it("throws for no bytes at all, and passes on nothing behind the end", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.array(fc.integer({ min: 1, max: 9 })), (bytes, cuts) => {
        const noise = Buffer.from(bytes);
        hear(noise, cuts);
        const behind = hear(Buffer.concat([jsonMessage("end", END), noise]), cuts);
        fc.pre(noise[0] !== 0x77);
        expect(behind.words).toEqual([END]);
        expect(behind.stdout).toHaveLength(0);
        expect(behind.ok).toBe(noise.length === 0);
      }),
    );
  });

  it.each([
    ["another kind", Buffer.from([0x71, 0, 0, 0, 0])],
    ["an end that is no object", Buffer.concat([Buffer.from([0x78, 0, 0, 0, 2]), Buffer.from("[]")])],
    ["an end of its own invention", jsonMessage("end", { ...END, ending: "unknown" })],
    ["an exit code that is none", jsonMessage("end", { ...END, exitCode: 1.5 })],
    ["a longer word than there is", Buffer.from([0x78, 0, 1, 0, 1])],
    ["a fresh session without words", jsonMessage("fresh", {} as typeof FRESH)],
  ])("is refused where it is %s", (_, bytes) => {
    expect(hear(bytes)).toMatchObject({ words: [], ok: false });
  });

  it("hears of what is left in the workspace only behind the end, once, and only what it may say", () => {
    const left = jsonMessage("workspace", { ...LEFT, agent: "forged", unpushed: "many" } as unknown as typeof LEFT);
    expect(hear(left)).toMatchObject({ words: [], ok: false });
    const { unpushed: _, ...kept } = LEFT;
    expect(hear(Buffer.concat([jsonMessage("end", END), left, left]))).toMatchObject({ words: [END, kept], ok: false });
    const wrong = jsonMessage("workspace", { branch: 3 } as unknown as typeof LEFT);
    expect(hear(Buffer.concat([jsonMessage("end", END), wrong]))).toMatchObject({ words: [END], ok: false });
  });

  it("keeps of an end only what it may say", () => {
    const end = { ...END, stdout: { lines: 5 }, partial: true, agent: { session_id: "forged" } } as AgentEnd;
    expect(hear(jsonMessage("end", end)).words).toEqual([END]);
  });
});
