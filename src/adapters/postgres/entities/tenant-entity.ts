// A tenant as a row. vm_count belongs to the allocation of VM indexes and is not mapped.
import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('tenant')
export class TenantEntity {
  @PrimaryColumn({ name: 'tenant_id', type: 'text' })
  tenantId!: string;

  @Column({ name: 'time_zone', type: 'text' })
  timeZone!: string;
}
