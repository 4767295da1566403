// Changing keys: proposed, confirmed by two people over a second channel, used; and old ones retired.
import { Body, Controller, Get, HttpCode, Inject, Param, ParseIntPipe, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { MENDED_BY_KEYS, Problem, WAKE_UP, type WakeUp } from '#contracts';
import { fingerprintOf, makeKey, validateProfile } from '#adapters';
import { releaseProvider, resumeProvider } from '#dispatch';
import {
  cancelKeyChange,
  confirmKeyChange,
  keysOf,
  listKeyChanges,
  nextName,
  proposeKeyChange,
  retireKey,
  storedSecrets,
} from '#operations';
import {
  CurrentActor,
  inTransaction,
  ProviderDirectory,
  Scopes,
  SecretStore,
  SetupWatch,
  VAULT,
  type Actor,
  type ProviderRow,
  type Vault,
} from '#platform';
import { ReasonDto } from '../http/reason.dto.js';
import {
  ActResultDto,
  ConfirmDto,
  ConfirmResultDto,
  KeyChangeListDto,
  NewKeyChangeDto,
  ProposedDto,
  RetireKeyDto,
} from './provider-setup.dto.js';

@ApiTags('provider setup')
@Controller('v1/providers/:code')
export class KeyChangesController {
  constructor(
    @Inject(DataSource) private readonly source: DataSource,
    @Inject(ProviderDirectory) private readonly directory: ProviderDirectory,
    @Inject(SecretStore) private readonly secrets: SecretStore,
    @Inject(SetupWatch) private readonly setup: SetupWatch,
    @Inject(VAULT) private readonly vault: Vault,
    @Inject(WAKE_UP) private readonly wakeUp: WakeUp,
  ) {}

  @Get('key-changes')
  @Scopes('ops.read')
  @ApiOperation({ summary: 'Changes of keys, newest first, with fingerprints and who confirmed' })
  @ApiOkResponse({ type: KeyChangeListDto })
  async list(@Param('code') code: string): Promise<KeyChangeListDto> {
    return { changes: await listKeyChanges(this.source, this.directory.byCode(code).providerId) };
  }

  @Post('key-changes')
  @Scopes('ops.act')
  @ApiOperation({ summary: 'Propose a new key; it is used when two people have confirmed its fingerprint' })
  @ApiCreatedResponse({ type: ProposedDto })
  async propose(
    @Param('code') code: string,
    @Body() { purpose, key, privateKey, reason }: NewKeyChangeDto,
    @CurrentActor() actor: Actor,
  ): Promise<ProposedDto> {
    const row = this.directory.byCode(code);
    const made = key === undefined ? await makeKey(purpose, `saphan-${row.code.toLowerCase()}`) : null;
    const material = made ?? { main: key ?? '', ...(privateKey === undefined ? {} : { key: privateKey }) };
    const fingerprint = await fingerprintOf(purpose, material);
    const name = purpose === 'hostKey' ? fingerprint : await this.freeName(row, purpose);
    if (purpose === 'hostKey' && keysOf(row.profile).some((each) => each.name === name))
      throw new Problem(409, 'key-known', 'The host key is pinned already', 'It is in use; nothing needs to change.');
    const secrets: Record<string, string> = {};
    if (purpose !== 'hostKey') secrets[name] = material.main;
    if (purpose === 'tls' && material.key !== undefined) secrets[`${name}.key`] = material.key;
    const shown = { purpose, name, fingerprint };
    const proposal = { purpose, keys: [shown], secrets, reason };
    const changeId = await inTransaction(this.source, (tx) =>
      proposeKeyChange(tx, this.vault, row.providerId, proposal, actor.actorId),
    );
    return { changeId, key: shown, give: made?.give ? { name, ...made.give } : null };
  }

  private async freeName(row: ProviderRow, purpose: NewKeyChangeDto['purpose']): Promise<string> {
    const [stored, changes] = await Promise.all([
      storedSecrets(this.source, row.code),
      listKeyChanges(this.source, row.providerId, 1000),
    ]);
    const taken = [...stored, ...keysOf(row.profile), ...changes.flatMap((change) => change.keys)];
    return nextName(row.code, purpose, new Set(taken.map((each) => each.name)));
  }

  @Post('key-changes/:id/confirm')
  @HttpCode(200)
  @Scopes('ops.act', 'approve')
  @ApiOperation({ summary: 'Confirm the fingerprints as you heard them over a second channel; two people must' })
  @ApiOkResponse({ type: ConfirmResultDto })
  async confirm(
    @Param('code') code: string,
    @Param('id', ParseIntPipe) changeId: number,
    @Body() confirmation: ConfirmDto,
    @CurrentActor() actor: Actor,
  ): Promise<ConfirmResultDto> {
    const { providerId } = this.directory.byCode(code);
    const { source, vault, secrets } = this;
    const parts = { source, vault, secrets, validate: validateProfile };
    const { state, missing, added } = await confirmKeyChange(parts, providerId, changeId, confirmation, actor.actorId);
    if (state === 'confirmed') {
      await this.setup.reload();
      const why = 'two people have confirmed its keys';
      if (added) await resumeProvider(source, providerId, actor.actorId, why);
      else await releaseProvider(source, providerId, actor.actorId, why, MENDED_BY_KEYS);
      await this.wakeUp.wake([providerId]);
    }
    return { state, missing };
  }

  @Post('key-changes/:id/cancel')
  @HttpCode(200)
  @Scopes('ops.act', 'approve')
  @ApiOperation({ summary: 'Cancel a change of keys, e.g. because another fingerprint was heard' })
  @ApiOkResponse({ type: ActResultDto })
  async cancel(
    @Param('code') code: string,
    @Param('id', ParseIntPipe) changeId: number,
    @Body() { reason }: ReasonDto,
    @CurrentActor() actor: Actor,
  ): Promise<ActResultDto> {
    await cancelKeyChange(this.source, this.directory.byCode(code).providerId, changeId, actor.actorId, reason);
    return { result: 'cancelled' };
  }

  @Post('keys/retire')
  @HttpCode(200)
  @Scopes('ops.act')
  @ApiOperation({ summary: 'End an old key: out of the profile and out of the vault. The last of its kind stays' })
  @ApiOkResponse({ type: ActResultDto })
  async retire(
    @Param('code') code: string,
    @Body() { name, reason }: RetireKeyDto,
    @CurrentActor() actor: Actor,
  ): Promise<ActResultDto> {
    const row = this.directory.byCode(code);
    const result = await retireKey(this.source, this.secrets, validateProfile, row.code, name, actor.actorId, reason);
    await this.setup.reload();
    return { result };
  }
}
