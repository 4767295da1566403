// Making, listing and revoking API keys. A key never gives away more than its holder may do itself.
import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { Problem } from '#contracts';
import { createApiKey, listApiKeys, revokeApiKey } from '#operations';
import { CurrentActor, Scopes, type Actor } from '#platform';
import { ReasonDto } from '../http/reason.dto.js';
import { KeyListDto, MadeKeyDto, NewKeyDto, RevokedDto } from './keys.dto.js';

/** What a key must have itself to give it away; keys of providers are the business of whoever may act. */
const HUB_SCOPES = new Set(['onde', 'ops.read', 'ops.act']);

@ApiTags('keys')
@Scopes('ops.act')
@Controller('v1/keys')
export class KeysController {
  constructor(@Inject(DataSource) private readonly source: DataSource) {}

  @Post()
  @ApiOperation({ summary: 'Make a key; it is shown this once' })
  @ApiCreatedResponse({ type: MadeKeyDto })
  async create(@Body() { name, scopes }: NewKeyDto, @CurrentActor() actor: Actor): Promise<MadeKeyDto> {
    const beyond = scopes.filter((scope) => HUB_SCOPES.has(scope) && !actor.scopes.includes(scope));
    if (beyond.length > 0) {
      throw new Problem(
        403,
        'scope-beyond-own',
        'The key would be able to do more than yours',
        `Your key may give away ${actor.scopes.join(', ')} and provider:<CODE>.`,
      );
    }
    await this.guardApprovers(scopes, actor);
    const { keyId, key } = await createApiKey(this.source, { name, scopes }, actor.actorId);
    return { keyId, key };
  }

  /**
   * Who proposes must not make the second pair of eyes for himself: only somebody who approves already makes another
   * approver. The very first one anybody may make who makes keys; it is recorded like every key.
   */
  private async guardApprovers(scopes: string[], actor: Actor): Promise<void> {
    if (!scopes.includes('approve') || actor.scopes.includes('approve')) return;
    const keys = await listApiKeys(this.source);
    if (!keys.some((key) => key.revokedAt === null && key.scopes.includes('approve'))) return;
    throw new Problem(
      403,
      'approver-exists',
      'Ask an approver',
      'There is somebody who approves already; only such a key makes another one with the scope "approve".',
    );
  }

  @Get()
  @ApiOperation({ summary: 'All keys, with scopes and the day of their last use' })
  @ApiOkResponse({ type: KeyListDto })
  async list(): Promise<KeyListDto> {
    return { keys: await listApiKeys(this.source) };
  }

  @Post(':keyId/revoke')
  @HttpCode(200)
  @ApiOperation({ summary: 'Revoke a key; it stops working within five seconds' })
  @ApiOkResponse({ type: RevokedDto })
  async revoke(
    @Param('keyId') keyId: string,
    @Body() { reason }: ReasonDto,
    @CurrentActor() actor: Actor,
  ): Promise<RevokedDto> {
    return { result: await revokeApiKey(this.source, keyId, actor.actorId, reason) };
  }
}
