/** Item classes and the elements they come as; the first whose prefix fits, whole words only. */
const ELEMENTS: readonly (readonly [prefix: string, element: string])[] = [
  ["IPM.Schedule.Meeting.Request", "MeetingRequest"],
  ["IPM.Schedule.Meeting.Canceled", "MeetingCancellation"],
  ["IPM.Schedule.Meeting.Resp", "MeetingResponse"],
  ["IPM.Schedule.Meeting", "MeetingMessage"],
  ["IPM.Note", "Message"],
  ["REPORT", "Message"],
  ["IPM.Post", "PostItem"],
  ["IPM.Appointment", "CalendarItem"],
  ["IPM.Contact", "Contact"],
  ["IPM.DistList", "DistributionList"],
  ["IPM.Task", "Task"],
];

/** Element name of an item of this class, in the types namespace of EWS. */
export function elementNameOf(itemClass: string): string {
  const upper = itemClass.toUpperCase();
  const found = ELEMENTS.find(([prefix]) =>
    upper === prefix.toUpperCase() || upper.startsWith(`${prefix.toUpperCase()}.`)
  );
  return found?.[1] ?? "Item";
}

/** Whether Exchange makes MIME content of such an item; else ErrorUnsupportedMimeConversion. */
export function hasMimeForm(itemClass: string): boolean {
  return /^(Message|Meeting\w+|PostItem|CalendarItem)$/.test(elementNameOf(itemClass));
}
