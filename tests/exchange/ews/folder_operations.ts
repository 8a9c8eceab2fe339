import type { SimulatedFolder, SimulatedMailbox } from "../simulated_mailbox.ts";
import type { Call, Operation, ResponseMessage } from "./call.ts";
import type { ContentReader } from "./content_reader.ts";
import { EwsError, NotModelled } from "./ews_errors.ts";
import { type FolderReference, openFolder, readFolderId } from "./folder_ids.ts";
import { FOLDER_PROPERTIES, folderElement } from "./folder_properties.ts";
import { pageOf, type PageView, pagingAttributes, readPageView } from "./paging.ts";
import { isNewer } from "./server_version.ts";
import { type FolderShape, readFolderShape } from "./shapes.ts";
import { escaped } from "./xml_text.ts";

/** EWSFindCountLimit of the default throttling policy. */
const FOLDERS_PER_PAGE_MAX = 1000;
const TRAVERSALS = ["Shallow", "Deep", "SoftDeleted"] as const;
const FOLDER_URIS: ReadonlySet<string> = new Set(FOLDER_PROPERTIES.map(({ uri }) => uri));

export const getFolder: Operation = {
  name: "GetFolder",
  read(request) {
    const shape = readFolderShape(request.required("m:FolderShape"));
    const references = readFolderIds(request.required("m:FolderIds"));
    request.end();
    return references.map((reference): ResponseMessage => ({
      emptyContent: "<m:Folders/>",
      answer(call) {
        const { mailbox, folder } = openFolder(call, reference);
        return [`<m:Folders>${folderElements([folder], mailbox, shape, call)}</m:Folders>`];
      },
    }));
  },
};

export const findFolder: Operation = {
  name: "FindFolder",
  read(request) {
    const traversal = request.enumeratedAttribute(
      "Traversal",
      TRAVERSALS,
      "FolderQueryTraversalType",
    );
    const shape = readFolderShape(request.required("m:FolderShape"));
    if (request.optional("m:FractionalPageFolderView")) {
      throw new NotModelled("FractionalPageFolderView");
    }
    const view = readPageView(request.optional("m:IndexedPageFolderView"));
    if (request.optional("m:Restriction")) throw new NotModelled("Restriction in FindFolder");
    const references = readFolderIds(request.required("m:ParentFolderIds"));
    request.end();
    return references.map((reference): ResponseMessage => ({
      emptyContent: "",
      answer: (call) => [foundFolders(call, { reference, traversal, shape, view })],
    }));
  },
};

interface FindFolderRequest {
  readonly reference: FolderReference;
  readonly traversal: typeof TRAVERSALS[number];
  readonly shape: FolderShape;
  readonly view: PageView;
}

function foundFolders(call: Call, request: FindFolderRequest): string {
  const { mailbox, folder } = openFolder(call, request.reference);
  const page = pageOf(foldersBelow(mailbox, folder, request), request.view, FOLDERS_PER_PAGE_MAX);
  return `<m:RootFolder${pagingAttributes(page)}><t:Folders>` +
    folderElements(page.entries, mailbox, request.shape, call) +
    "</t:Folders></m:RootFolder>";
}

function foldersBelow(
  mailbox: SimulatedMailbox,
  folder: SimulatedFolder,
  { traversal }: FindFolderRequest,
): readonly SimulatedFolder[] {
  if (traversal === "SoftDeleted") return [];
  return traversal === "Deep" ? mailbox.descendantsOf(folder.id) : mailbox.childrenOf(folder.id);
}

function folderElements(
  folders: readonly SimulatedFolder[],
  mailbox: SimulatedMailbox,
  shape: FolderShape,
  call: Call,
): string {
  const foreign = shape.additional.find(({ uri }) => uri !== undefined && !FOLDER_URIS.has(uri));
  if (foreign) {
    throw new EwsError(
      "ErrorInvalidPropertyRequest",
      "Property is not valid for this object type.",
      `<t:FieldURI FieldURI="${escaped(foreign.uri ?? "")}"/>`,
    );
  }
  call.note.items += folders.length;
  return folders.map((folder) =>
    folderElement(folder, mailbox, shape, (since) => !isNewer(since, call.requested))
  ).join("");
}

function readFolderIds(reader: ContentReader): readonly FolderReference[] {
  return reader.allOf(["t:FolderId", "t:DistinguishedFolderId"]).map(readFolderId);
}
