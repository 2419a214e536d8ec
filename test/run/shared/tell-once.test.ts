import { expect, it } from "vitest";
import { tellOnce } from "../../../src/run/shared/tell-once.ts";

it("L13: tells each message once, and a new one always, however many were told before", () => {
  const told: string[] = [];
  const tell = (message: string): void => tellOnce((words) => void told.push(words), message);
  const messages = Array.from({ length: 5000 }, (_, index) => `message ${index} of this test`);
  for (const message of messages) tell(message);
  expect(told).toEqual(messages);
  for (let times = 0; times < 3; times++) tell("message 4999 of this test");
  expect(told).toHaveLength(5000);
});
