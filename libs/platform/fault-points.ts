// The fault points by name: each lies between two steps, where a process may be killed and nothing may be lost.
// test/faults kills at every one of them; a spec holds this table and the code equal.

export const FAULT_POINTS = {
  // Importing
  'import.received': 'the original and its run are stored; no job tells a worker yet',
  'import.taken': 'a worker holds the run; nothing of the file is read',
  'import.beforeCommit': 'a chunk with all that follows from it is written; its transaction is not committed',
  'import.afterChunk': 'a chunk is committed; its providers are not woken',
  'import.allRead': 'the last chunk is committed; the run has not ended',
  'import.ended': 'the run has ended; its job has not',
  'import.afterRemoval': 'some lines that a roster leaves out are removed; the others are not',
  'import.afterUndoChunk': 'some rows of a run are undone; the others are not',
  'register.beforeCommit': 'registrations are written and derived; their transaction is not committed',
  'register.written': 'registrations are committed; their providers are not woken',
  'withdraw.written': 'a withdrawal is committed; its providers are not woken',
  'whitelist.derived': 'entries and changes are written; the transaction that caused them is not committed',
  'whitelist.dayTurned': 'what a day starts and ends is committed for some lines; nobody is woken',
  'brake.released': 'some held removals are appended; the others are not',
  // Moves
  'moves.closed': 'some moves are closed; the others are not',
  'handOver.beforeCommit': 'a chunk of a hand-over is written; its transaction is not committed',
  'handOver.afterChunk': 'a chunk of a hand-over is committed; its providers are not woken',
  'handOver.nameSuccessor': 'the successor stands in the profiles; the last round has not begun',
  'handOver.lastRound': 'the last round has begun; no line of it is moved',
  'handOver.awaitAnswers': 'all lines are moved; their answers are awaited',
  'handOver.complete': 'the hand-over is complete; nobody is told',
  // Sealing and handing over
  'dispatch.leased': 'the lease is taken; nothing is decided',
  'dispatch.numbersCompared': "the provider's highest number is compared with ours; no number is given out",
  'dispatch.rendered': 'the bytes of a batch are made; nothing of it is stored',
  'dispatch.stored': 'batch, bytes and attempt are stored; the transaction is not committed',
  'dispatch.listPart': 'some parts of a full list are stored; the others are not',
  'dispatch.restated': 'some entries of a list are appended anew; the others are not',
  'dispatch.sealed': 'batch and attempt are committed; the call is not made',
  'dispatch.attemptRecorded': 'the attempt to hand a batch over again is committed; the call is not made',
  'http.requested': 'a request to a provider is on its way; no answer is read',
  'dispatch.handedOver': 'the answer is read; nothing of it is recorded',
  'dispatch.outcomesRecorded': 'the outcomes in the answer are recorded; the batch is not marked as accepted',
  'dispatch.recorded': 'the outcome of the attempt is recorded; the job has not ended',
  'dispatch.askRecorded': 'the attempt to ask is committed; the question is not asked',
  'dispatch.asked': 'the answer to a question is read; nothing of it is recorded',
  'dispatch.closed': 'a batch that did not arrive is closed, its lines appended; its attempt has not ended',
  'dispatch.refused': 'the halves of a refused batch are stored; none is sealed',
  'dispatch.overtakenRepeated': 'what a lost attempt may overtake is appended; the attempt is still open',
  'dispatch.pageNoted': 'a page of the feed is noted as given out; no byte of it left',
  'dispatch.cursorTaken': 'the receipts that a cursor gives are committed; the next page is not looked for',
  // Files
  'files.written': 'a file is uploaded under its temporary name; it is not renamed',
  'files.renamed': 'a file has its name; its size is not read back',
  'files.dataThere': 'a data file lies there; its manifest does not',
  'files.answerRead': 'an answer file is read and checked; nothing of it is recorded',
  'files.receiptRecorded': 'a receipt file is recorded as the receipt of its batch; it lies where it lay',
  'files.answerTaken': 'an answer file is recorded; it lies where it lay',
  'files.answerMoved': 'an answer file lies in the archive; its manifest does not',
  // Acknowledging
  'acknowledgement.claimed': "a callback's id is taken; nothing of it is recorded",
  'acknowledgement.merged': 'outcomes are written; their transaction is not committed',
  'acknowledgement.recorded': 'outcomes are committed; what waited for them is not appended',
  'acknowledgement.released': 'some of what waited for outcomes is appended; the rest is not, and nobody is woken',
  'acknowledgement.answered': 'a callback is recorded with what it is answered; the answer is not sent',
  'acknowledgement.retried': 'some lines whose time has come are appended again; the others are not',
  'acknowledgement.replayed': 'some lines of a replay are appended; the others are not',
  // Destination lists
  'destinations.published': 'a version is published; nobody is told',
  'destinations.tookEffect': 'a version is in force and due at a provider; it has no job',
  'destinations.begun': 'the attempt to deliver a list is committed; nothing is sent',
  'destinations.sent': 'the answer to a list is read; nothing of it is recorded',
  'destinations.recorded': 'the outcome of a list is recorded; the job has not ended',
  // Reconciling
  'reconcile.wanted': 'a comparison is wanted; it has no job',
  'reconcile.compared': 'a comparison is made; nothing of it is recorded',
  'reconcile.recorded': 'what differs is recorded; no alert is raised',
  'reconcile.planChunk': 'some entries of an approved plan are appended; the others are not',
  'reconcile.forwardChunk': 'some of what a provider lost is appended; the rest is not',
} as const;

export type FaultPoint = keyof typeof FAULT_POINTS;

export function isFaultPoint(name: string): name is FaultPoint {
  return Object.hasOwn(FAULT_POINTS, name);
}
