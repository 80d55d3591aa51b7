import { expect, test } from "vitest";
import { Alarm } from "../../src/session/alarm.ts";
import type { HostStorage } from "../../src/session/host-storage.ts";

/** An alarm, the times that it was set to, and the time at which the first of the stored sessions is due. */
function alarmOver(firstDue: number) {
  const times: number[] = [];
  const storage = { setAlarm: async (time: number) => void times.push(time) } as unknown as HostStorage;
  return { times, alarm: new Alarm(storage, () => firstDue) };
}

test("A new life does not move the alarm of an earlier one to a later time", () => {
  const { times, alarm } = alarmOver(10);
  alarm.wakeBy(1_000);
  expect(times).toEqual([10]);
  alarm.wakeBy(500);
  expect(times).toEqual([10]);
  alarm.wakeBy(5);
  expect(times).toEqual([10, 5]);
});

test("An alarm that has rung is set to the time that is asked for, though a session is overdue", () => {
  const { times, alarm } = alarmOver(10);
  alarm.isOver();
  alarm.wakeBy(1_000);
  expect(times).toEqual([1_000]);
});

test("After a transaction was taken back the alarm is set for whoever is due first", () => {
  const { times, alarm } = alarmOver(10);
  alarm.isOver();
  alarm.wakeBy(5);
  alarm.isUnknown();
  alarm.wakeBy(1_000);
  expect(times).toEqual([5, 10]);
});

test("Where nothing is due no alarm is set", () => {
  const { times, alarm } = alarmOver(Number.POSITIVE_INFINITY);
  alarm.wakeBy(Number.POSITIVE_INFINITY);
  expect(times).toEqual([]);
});
