# Indonesian: a shade by skin tone, typed or tapped.
story: shade, in Indonesian
workspace: ../workspace.json

2026-03-21 10:00  putri_a comments on v46: shade apa ini
                  fired shade-id
                  public: Cek DM ya kak
                  bot: Warna kulit kakak seperti apa? Pilih atau ketik ya. [Kulit putih] [Kuning langsat] [Sawo matang] [Chat admin]
      +1m         putri_a taps [Kulit putih]
                  card: p_glow_cushion/glow-cushion-21: Klik di sini untuk pesan ya kak.
                  state: waiting

      +1h         dewi comments on v46: shade apa ini
                  fired shade-id
                  public: Sudah kami DM ya kak 💕
                  bot: Warna kulit kakak seperti apa? Pilih atau ketik ya. [Kulit putih] [Kuning langsat] [Sawo matang] [Chat admin]
      +1m         dewi taps [Kuning langsat]
                  card: p_glow_cushion/glow-cushion-23: Klik di sini untuk pesan ya kak.
                  state: waiting

      +1h         sari99 comments on v46: shade apa ini
                  fired shade-id
                  public: Sudah dibalas di pesan ya kak
                  bot: Warna kulit kakak seperti apa? Pilih atau ketik ya. [Kulit putih] [Kuning langsat] [Sawo matang] [Chat admin]
      +1m         sari99 taps [Sawo matang]
                  card: p_glow_cushion/glow-cushion-25: Klik di sini untuk pesan ya kak.
                  state: waiting

      +1h         rina comments on v46: shade apa ini
                  fired shade-id
                  public: Detailnya sudah kami kirim kak
                  bot: Warna kulit kakak seperti apa? Pilih atau ketik ya. [Kulit putih] [Kuning langsat] [Sawo matang] [Chat admin]
      +1m         rina: mau tanya dulu
                  bot: Sekarang pakai foundation nomor berapa kak? Kami bantu cocokkan.
      +1m         rina: MAC NC15
                  inbox: handoff (needs help with a shade)
                  state: human (handoff)
      +5m         putri@glow.example hands back rina
                  state: waiting

      +1h         ayu comments on v46: shade apa ini
                  fired shade-id
                  public: Cek DM ya kak
                  bot: Warna kulit kakak seperti apa? Pilih atau ketik ya. [Kulit putih] [Kuning langsat] [Sawo matang] [Chat admin]
      +1m         ayu taps [Chat admin]
                  inbox: handoff (needs help with a shade)
                  state: human (handoff)
      +5m         putri@glow.example hands back ayu
                  state: waiting
