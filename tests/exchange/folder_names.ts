/** Names EWS gives to folders by their role (DistinguishedFolderIdNameType), as far as modelled. */
export type DistinguishedFolder =
  | "root"
  | "msgfolderroot"
  | "searchfolders"
  | "inbox"
  | "sentitems"
  | "deleteditems"
  | "junkemail"
  | "drafts"
  | "outbox"
  | "syncissues"
  | "conflicts"
  | "localfailures"
  | "serverfailures"
  | "calendar"
  | "contacts"
  | "tasks"
  | "notes"
  | "journal";

/** The language a mailbox was first opened in; decides the names of its default folders. */
export type MailboxLanguage = "en" | "de" | "ja";

export type FolderType = "folder" | "calendar" | "contacts" | "tasks" | "search";

interface DefaultFolder {
  readonly role?: DistinguishedFolder;
  /** Role of the folder above; absent: the root of the mailbox. */
  readonly under?: DistinguishedFolder;
  readonly class?: string;
  readonly type?: FolderType;
  readonly hidden?: boolean;
  readonly names: Readonly<Record<MailboxLanguage, string>>;
}

const names = (en: string, de = en, ja = en) => ({ names: { en, de, ja } });
const mail = (role: DistinguishedFolder, under: DistinguishedFolder = "msgfolderroot") => ({
  role,
  under,
  class: "IPF.Note",
});

/** What a fresh mailbox holds, parents before children. Some names are the same in every language. */
export const DEFAULT_FOLDERS: readonly DefaultFolder[] = [
  { role: "root", ...names("") },
  {
    role: "msgfolderroot",
    under: "root",
    ...names(
      "Top of Information Store",
      "Oberste Ebene des Informationsspeichers",
      "インフォメーション ストアの先頭",
    ),
  },
  { role: "searchfolders", under: "root", ...names("Finder") },
  { ...mail("inbox"), ...names("Inbox", "Posteingang", "受信トレイ") },
  { ...mail("sentitems"), ...names("Sent Items", "Gesendete Elemente", "送信済みアイテム") },
  { ...mail("deleteditems"), ...names("Deleted Items", "Gelöschte Elemente", "削除済みアイテム") },
  { ...mail("junkemail"), ...names("Junk Email", "Junk-E-Mail", "迷惑メール") },
  { ...mail("drafts"), ...names("Drafts", "Entwürfe", "下書き") },
  { ...mail("outbox"), ...names("Outbox", "Postausgang", "送信トレイ") },
  { ...mail("syncissues"), ...names("Sync Issues", "Synchronisierungsprobleme", "同期の失敗") },
  { ...mail("conflicts", "syncissues"), ...names("Conflicts", "Konflikte", "競合") },
  {
    ...mail("localfailures", "syncissues"),
    ...names("Local Failures", "Lokale Fehler", "ローカルの失敗"),
  },
  {
    ...mail("serverfailures", "syncissues"),
    ...names("Server Failures", "Serverfehler", "サーバーの失敗"),
  },
  {
    role: "calendar",
    under: "msgfolderroot",
    class: "IPF.Appointment",
    type: "calendar",
    ...names("Calendar", "Kalender", "予定表"),
  },
  {
    role: "contacts",
    under: "msgfolderroot",
    class: "IPF.Contact",
    type: "contacts",
    ...names("Contacts", "Kontakte", "連絡先"),
  },
  {
    role: "tasks",
    under: "msgfolderroot",
    class: "IPF.Task",
    type: "tasks",
    ...names("Tasks", "Aufgaben", "タスク"),
  },
  {
    role: "notes",
    under: "msgfolderroot",
    class: "IPF.StickyNote",
    ...names("Notes", "Notizen", "メモ"),
  },
  {
    role: "journal",
    under: "msgfolderroot",
    class: "IPF.Journal",
    ...names("Journal", "Journal", "履歴"),
  },
  {
    under: "msgfolderroot",
    class: "IPF.Configuration",
    hidden: true,
    ...names("Conversation Action Settings"),
  },
  {
    under: "msgfolderroot",
    class: "IPF.Note",
    type: "search",
    ...names("Unread Mail", "Ungelesene Nachrichten", "未読メール"),
  },
];
