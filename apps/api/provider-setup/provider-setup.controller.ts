// Profiles of providers: shown, added, changed and switched on a running hub.
import { randomBytes } from 'node:crypto';
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Put } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import {
  APPENDER,
  OUTCOME_RECORDER,
  Problem,
  WAKE_UP,
  type Appender,
  type OutcomeRecorder,
  type ProviderProfile,
  type WakeUp,
} from '#contracts';
import { fingerprintOf, viewCertificate } from '#adapters';
import { emptyForSwitch } from '#dispatch';
import {
  addProvider,
  changeProfile,
  codeTaken,
  confirmedKeys,
  diffProfiles,
  keysOf,
  listKeyChanges,
  secretNames,
  shownProfile,
  storedSecrets,
  waysDiffer,
  withKnownTestLines,
} from '#operations';
import {
  CONFIG,
  CurrentActor,
  ProviderDirectory,
  Scopes,
  SecretStore,
  SetupWatch,
  VAULT,
  type Actor,
  type Config,
  type ProviderRow,
  type Vault,
} from '#platform';
import { checkedProfile, checkNames, prepareKeys } from './prepare-keys.js';
import {
  AddedDto,
  NewProviderDto,
  ProfileChangedDto,
  ProfileChangeDto,
  ProfileDto,
  type HeldKeyDto,
} from './provider-setup.dto.js';

@ApiTags('provider setup')
@Controller('v1/providers')
export class ProviderSetupController {
  constructor(
    @Inject(DataSource) private readonly source: DataSource,
    @Inject(ProviderDirectory) private readonly directory: ProviderDirectory,
    @Inject(SecretStore) private readonly secrets: SecretStore,
    @Inject(SetupWatch) private readonly setup: SetupWatch,
    @Inject(VAULT) private readonly vault: Vault,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(APPENDER) private readonly appender: Appender,
    @Inject(OUTCOME_RECORDER) private readonly recorder: OutcomeRecorder,
    @Inject(WAKE_UP) private readonly wakeUp: WakeUp,
  ) {}

  @Get(':code/profile')
  @Scopes('ops.read')
  @ApiOperation({ summary: 'The profile with its keys by fingerprint and age; never a secret, test lines masked' })
  @ApiOkResponse({ type: ProfileDto })
  async show(@Param('code') code: string): Promise<ProfileDto> {
    const row = this.directory.byCode(code);
    const [stored, changes] = await Promise.all([
      storedSecrets(this.source, row.code),
      listKeyChanges(this.source, row.providerId),
    ]);
    const named = new Set(keysOf(row.profile).flatMap((key) => secretNames(row.profile, key)));
    return {
      provider: row.code,
      version: row.version,
      profile: shownProfile(row.profile),
      keys: await this.heldKeys(row.profile, new Map(stored.map((secret) => [secret.name, secret]))),
      unusedSecrets: stored.map((secret) => secret.name).filter((name) => !named.has(name)),
      pendingKeyChanges: changes.filter((change) => change.state === 'pending'),
    };
  }

  private heldKeys(
    profile: ProviderProfile,
    stored: Map<string, { storedAt: Date; storedBy: string }>,
  ): Promise<HeldKeyDto[]> {
    return Promise.all(
      keysOf(profile).map(async ({ purpose, name }): Promise<HeldKeyDto> => {
        const [main, key] = secretNames(profile, { purpose, name }).map((each) => this.secrets.secret(each));
        const value = purpose === 'hostKey' ? name : main;
        // One that cannot be read shows as missing: what is wrong with it is said where it is used.
        const fingerprint =
          value === undefined
            ? null
            : await fingerprintOf(purpose, { main: value, ...(key === undefined ? {} : { key }) }).catch(() => null);
        const certificate =
          (purpose === 'tls' || purpose === 'authority') && fingerprint !== null && main !== undefined;
        const { storedAt = null, storedBy = null } = stored.get(name) ?? {};
        return {
          purpose,
          name,
          fingerprint,
          storedAt,
          storedBy,
          endsAt: certificate ? viewCertificate(main).validTo : null,
        };
      }),
    );
  }

  @Post()
  @Scopes('ops.act')
  @ApiOperation({
    summary: 'Add a provider: profile and keys. It is paused until two people have confirmed the keys by fingerprint',
  })
  @ApiCreatedResponse({ type: AddedDto })
  async add(@Body() body: NewProviderDto, @CurrentActor() actor: Actor): Promise<AddedDto> {
    const profile = checkedProfile(body.profile);
    if (this.directory.all().some((row) => row.code === profile.code)) throw codeTaken(profile.code);
    checkNames(profile);
    const dryRun = body.dryRun === true;
    const { keys, secrets, give, toBeMade } = await prepareKeys(profile, body.secrets ?? {}, dryRun);
    if (dryRun) return { result: 'dry run', changeId: null, keys, toBeMade, give: [] };
    const { reason } = body;
    const { changeId } = await addProvider(this.source, this.vault, { profile, keys, secrets, reason }, actor.actorId);
    await this.setup.reload();
    return { result: 'added', changeId, keys, toBeMade: [], give };
  }

  @Put(':code/profile')
  @HttpCode(200)
  @Scopes('ops.act')
  @ApiOperation({
    summary: 'Change the profile, or switch the way to a provider; every running process takes it up without restart',
  })
  @ApiOkResponse({ type: ProfileChangedDto })
  async change(
    @Param('code') code: string,
    @Body() body: ProfileChangeDto,
    @CurrentActor() actor: Actor,
  ): Promise<ProfileChangedDto> {
    await this.setup.reload();
    const row = this.directory.byCode(code);
    const profile = checkedProfile(withKnownTestLines(body.profile, row.profile));
    if (profile.code !== row.code)
      throw new Problem(422, 'code-differs', 'The code cannot change', `Write "${row.code}", or add a new provider.`);
    checkNames(profile);
    await this.checkKeys(row, profile);
    const differences = diffProfiles(row.profile, profile);
    const waySwitched = waysDiffer(row.profile, profile);
    const nothing = { differences, waySwitched, closed: [], givenUp: [] };
    if (body.dryRun) return { result: 'dry run', ...nothing };
    if (differences.length === 0) return { result: 'unchanged', ...nothing };
    const save = async (): Promise<void> =>
      void (await changeProfile(this.source, profile, body.version, actor.actorId, body.reason));
    const emptied = waySwitched ? await this.switch(row, body.unsettled ?? 'refuse', save) : null;
    if (!emptied) await save();
    await this.setup.reload();
    await this.wakeUp.wake([row.providerId]);
    return { result: 'changed', ...nothing, ...emptied };
  }

  private switch(row: ProviderRow, unsettled: 'refuse' | 'close', save: () => Promise<void>) {
    const { source, appender, recorder } = this;
    const owner = `switch-${randomBytes(3).toString('hex')}`;
    const parts = { source, appender, recorder, owner, leaseS: this.config.worker.leaseS };
    return emptyForSwitch(parts, row.providerId, unsettled, save);
  }

  /** A key that is new to the profile must be in the vault, and two people must have confirmed it. @throws Problem 409 */
  private async checkKeys(row: ProviderRow, profile: ProviderProfile): Promise<void> {
    const before = new Set(keysOf(row.profile).map((key) => `${key.purpose} ${key.name}`));
    const fresh = keysOf(profile).filter((key) => !before.has(`${key.purpose} ${key.name}`));
    if (fresh.length === 0) return;
    const confirmed = await confirmedKeys(this.source, row.providerId);
    const missing = fresh.filter(
      (key) =>
        !confirmed.has(`${key.purpose} ${key.name}`) ||
        secretNames(profile, key).some((name) => this.secrets.secret(name) === undefined),
    );
    if (missing.length === 0) return;
    throw new Problem(
      409,
      'keys-not-confirmed',
      'Keys are not confirmed',
      `Nothing was changed. Propose each and have two people confirm it first (saphan provider rotate ${row.code} --key …), then name it as "provider rotate" said: ${missing.map((key) => `${key.purpose} ${key.name}`).join(', ')}.`,
    );
  }
}
