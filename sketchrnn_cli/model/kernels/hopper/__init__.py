"""The LSTM's time loop on the chip: one persistent kernel each way, for JAX on Hopper (compute capability 9.0).

A scan starts one matmul and one elementwise kernel a time step; at batch 100 the GPU mostly waits for these starts.
Here the whole loop is one kernel, written with Mosaic GPU below Pallas, its instructions as inline PTX.

**Who does what.** A *cluster* of H / 64 blocks runs 8 rows of the batch in one direction from the first step to the
last; clusters never talk to each other, so a large batch runs in waves. A *block* owns 64 units and has 8 warps; a
*warp* owns 8 units with all four gates. Of a warp's lanes, u = lane / 4 is its unit and q = lane mod 4 its pair of rows
(2q, 2q + 1): gates and c of these two entries live in the lane's registers from step to step.

**Matmuls.** Everything is transposed, so that 8 rows of the batch are N of ``mma.m16n8k16`` and the recurrent kernel
is its A operand, cut into *fragments* of 16 x 16 numbers, 16 bytes a lane. They are loaded once: into registers, and
for H = 512 every fourth (backward, every third) into shared memory. Sums and states are float32, factors float16 or
bfloat16.

**Forward step.** A warp multiplies its 32 gate rows (two tiles: i over f, candidate over o) by h of the last step,
adds what input and z give, activates, and so has h of 8 units x 8 rows. ``movmatrix`` turns them to 16 bytes a
row, which ``st.async`` writes into shared memory of every block of the cluster:

    h buffer: [32 units][row of 8][8 units of the 32] x 8 numbers    = 512 bytes for two k tiles; lane l reads at 16 l

Each write counts its bytes on the receiver's *mbarrier*; a block waits for the H x 16 bytes of a step, and for nothing
else. Two buffers and two barriers are enough: a block sends step t + 1 only after all of step t came, which a
neighbor sends only after it has read step t - 1.

**Backward step.** A lane forms the gradients of its 2 x 4 gates; turned, they are the B operand, shared within the
block: [warp][lane] x (i, f, candidate, o). Each block multiplies its own 256 gate rows by its slice of the kernel for
*all* units, H / 16 tiles spread over its warps, and sends each tile to the block that owns the units:

    partial buffer: [sender][16 units][lane] x 4 float32             = 2048 bytes a sender

The owner adds the senders in their order: no atomics, the same bits at every run. One ``bar.sync`` a step. What the
gates' gradients sum up to over time, for the constant part, stays in registers; so does their product with the rows,
8 of the batch at a step by ``mma.m16n8k8``, of which each cluster gives its share.

**Outside.** `layout` permutes weights, rows and masks; `lstm` has the gradients of the kernels, which are large matmuls
after the loop, and the interface of the scan. Factors in float16 have 10 bits of mantissa, as TensorFloat-32: they
stand for float32. Their backward pass runs on gradients scaled by a power of two, out of float16's underflow.
"""
